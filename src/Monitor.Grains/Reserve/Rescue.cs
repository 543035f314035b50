using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Reserve;

/// <summary>A start without the store: what was kept of it stands in, with what the journal has decided since.</summary>
public sealed partial class Rescue(
    ReserveLog log, RecordJournal journal, ISharedStore store, ReservedStore grains, ReservedTokens tokens, ReserveQueue queue, ILogger<Rescue> logger)
{
    /// <summary>What stands in; null after a start with the store.</summary>
    internal ReserveState? Restored { get; private set; }

    /// <summary>The last sequence of what the journal holds: what is written from now on goes behind it.</summary>
    public long LastSequence { get; private set; }

    /// <summary>The store is open: from here on it is kept what a start without it would need.</summary>
    public void Opened(byte[] installationSecret)
    {
        queue.Add(new ReserveRecord { Store = new ReserveStore(store.Place, installationSecret) });
        grains.StandIn(null);
        tokens.StandIn(null);
        Restored = null;
    }

    /// <summary>False: nothing was kept that this silo could run on.</summary>
    public bool TryRestore()
    {
        ReserveState state;
        try
        {
            state = log.Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(e);
            return false;
        }

        if (state is not { Store: { } kept, Cluster: { Silo: > 0, Held.Count: > 0 } })
        {
            return false;
        }

        journal.Open();
        foreach (var batch in journal.Look())
        {
            state.TakeKept(batch);
            LastSequence = Math.Max(LastSequence, batch.Sequence);
        }

        store.OpenLater(kept.Secret);
        grains.StandIn(state);
        tokens.StandIn(state);
        Restored = state;
        LogRestored(state.Cluster.Held.Count, state.Targets.Count, state.Open.Count);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store is away: starting from what was kept of it: {Shards} shards, {Targets} targets, {Deliveries} notices that wait")]
    private partial void LogRestored(int shards, int targets, int deliveries);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was kept for a start without the store cannot be read")]
    private partial void LogUnreadable(Exception error);
}
