using Monitor.Core.Ports;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

/// <summary>For silos that remember the targets of others.</summary>
public sealed partial class PostgresStore : IEditedTargets
{
    public Task<ShardEdits> LoadEditsAsync(IReadOnlyCollection<MovedShard> moved, CancellationToken cancellationToken) => ReadAsync(
        session => EditReading.ReadAsync(moved, async (statement, read) => (await session.RowsAsync([statement], read))[0]), cancellationToken);

    public Task<IReadOnlyList<TargetRow>> FindTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) =>
        SnapshotAsync(session => TargetList.FindAsync(session, Secrets, ids), cancellationToken);

    public Task<IReadOnlyList<TargetRevision>> LoadRevisionsAsync(CancellationToken cancellationToken) => ReadAsync(EditReading.AllAsync, cancellationToken);
}
