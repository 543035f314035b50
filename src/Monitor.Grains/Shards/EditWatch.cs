using Monitor.Core.Ports;

namespace Monitor.Grains.Shards;

/// <summary>
/// Compares what runs with what is stored, so that no edit is forgotten: normally an edit's own call tells its owner at once, but a commit that was reported
/// as failed has told nobody, and such a target would be silent until the next start.
/// </summary>
public sealed class EditWatch(IShardStore store, ShardHost host, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private long _lookedAt = time.GetTimestamp();

    /// <summary>Called once a second; looks twice a minute.</summary>
    /// <exception cref="StoreUnavailableException">Looked at again after the next interval.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_lookedAt) < Interval)
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        host.Compare(await store.LoadRevisionsAsync(cancellationToken));
    }
}
