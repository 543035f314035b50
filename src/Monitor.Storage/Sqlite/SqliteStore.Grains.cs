using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<StoredTarget>>(session => StateTable.Load(session, Secrets, shards), cancellationToken);

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => StateTable.Find(session, Secrets, targetId), cancellationToken);

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<Channel>>(session => ChannelTable.All(session, Secrets), cancellationToken);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<OpenDelivery>>(DeliveryTable.Open, cancellationToken);

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<SendSlot>>(session => DeliveryTable.Sends(session, since), cancellationToken);

    public Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken) =>
        Writer.RunAsync<IReadOnlyList<StateOutcome>>(session => Write(session, batch), cancellationToken);

    private StateOutcome[] Write(SqliteSession session, CommitBatch batch)
    {
        var outcomes = batch.States.Count + batch.Deliveries.Count == 0 ? [] : new StateOutcome[batch.States.Count + batch.Deliveries.Count];
        for (var i = 0; i < batch.States.Count; i++)
        {
            outcomes[i] = StateTable.Write(session, batch.States[i]);
        }

        for (var i = 0; i < batch.Deliveries.Count; i++)
        {
            var write = batch.Deliveries[i];
            if (write.Fence is { } fence && !ShardTable.Holds(session, fence))
            {
                outcomes[batch.States.Count + i] = StateOutcome.FenceLost;
                continue;
            }

            foreach (var delivery in write.Deliveries)
            {
                DeliveryTable.Write(session, delivery);
            }

            foreach (var send in write.Sends)
            {
                DeliveryTable.WriteSend(session, send);
            }
        }

        if (batch.Results.Count > 0)
        {
            NoteWritten(ResultTable.Insert(session, batch.Results));
        }

        return outcomes;
    }
}
