using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Writing;

/// <summary>
/// Brings back what a promoted standby had not got of this silo's own doings, before its shards run again. What the store has is left as it is; deliveries are facts and go in first,
/// so that no decision that is restored, here or by another silo, finds a notice untold that was told.
/// </summary>
public sealed partial class LostSeconds(IGrainStore store, RecentWrites recent, SiloIdentity silo, TimeProvider time, ILogger<LostSeconds> log)
{
    /// <summary>A commit stays well below what its statement may take.</summary>
    private const int MostTogether = 500;

    /// <exception cref="StoreUnavailableException">It is still owed: call again before the shards run.</exception>
    public async Task RestoreAsync(IReadOnlyCollection<Fence> fences, CancellationToken cancellationToken)
    {
        var (states, rows) = recent.Owed(fences);
        if (states.Count == 0 && rows.Deliveries.Count + rows.Sends.Count == 0)
        {
            recent.Restored(fences);
            return;
        }

        var run = $"{silo.Name}/lost/{Guid.CreateVersion7(time.GetUtcNow()):N}";
        var number = 0L;
        foreach (var part in rows.Deliveries.Chunk(MostTogether))
        {
            await store.CommitAsync(new CommitBatch(run, ++number, [], [], [new DeliveryWrite(part, [])]), cancellationToken);
        }

        foreach (var part in rows.Sends.Chunk(MostTogether))
        {
            await store.CommitAsync(new CommitBatch(run, ++number, [], [], [new DeliveryWrite([], part)]), cancellationToken);
        }

        var (missing, refused) = (0, 0);
        if (states.Count > 0)
        {
            var ids = states.Select(state => state.TargetId).ToHashSet();
            var stored = (await store.LoadTargetsAsync([.. fences.Select(fence => fence.Shard)], cancellationToken))
                .Where(target => ids.Contains(target.Target.Id)).ToDictionary(target => target.Target.Id);
            var again = states.Where(state => stored.TryGetValue(state.TargetId, out var now) && now.Version < state.Version)
                .Select(state => state.Again(stored[state.TargetId].Version, stored[state.TargetId].Deleted)).ToArray();
            foreach (var part in again.Chunk(MostTogether))
            {
                var outcomes = await store.CommitAsync(new CommitBatch(run, ++number, [], part, []), cancellationToken);
                missing += part.Length;
                refused += outcomes.Count(outcome => outcome != StateOutcome.Committed);
            }
        }

        recent.Restored(fences);
        LogRestored(states.Count, missing, refused, rows.Deliveries.Count);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "store: another server has taken over. Of {States} targets with decisions of the last minute it lacked {Missing}, which are in it now ({Refused} refused); {Deliveries} deliveries were told again to it")]
    private partial void LogRestored(int states, int missing, int refused, int deliveries);
}
