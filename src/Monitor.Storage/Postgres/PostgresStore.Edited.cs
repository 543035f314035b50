using Monitor.Core.Ports;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

/// <summary>For silos that remember the targets of others.</summary>
public sealed partial class PostgresStore : IEditedTargets
{
    public Task<IReadOnlyList<TargetRevision>> LoadRevisionsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) => RevisionsAsync(shards, cancellationToken);

    public Task<IReadOnlyList<TargetRow>> FindTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) =>
        SnapshotAsync(session => TargetList.FindAsync(session, Secrets, ids), cancellationToken);

    private Task<IReadOnlyList<TargetRevision>> RevisionsAsync(IReadOnlyCollection<int>? shards, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<TargetRevision>>(
            async session => (await session.RowsAsync([TargetTable.Revisions(shards)], TargetTable.ReadRevision))[0], cancellationToken);
}
