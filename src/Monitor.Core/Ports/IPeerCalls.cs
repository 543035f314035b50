using Monitor.Core.Shards;

namespace Monitor.Core.Ports;

/// <summary>Calls from one silo of a cluster to another, keyed by a secret that all of them know from the store.</summary>
public interface IPeerCalls
{
    /// <summary>Asks the silo at <see cref="SiloRow.Address"/> whether it can reach the store.</summary>
    /// <returns>Null when it did not answer in time; <see cref="PeerAnswer.Absent"/> when there is certainly no such process: nothing listens there, or another row's silo answers.</returns>
    Task<PeerAnswer?> AskAsync(SiloRow peer, CancellationToken cancellationToken);
}

/// <summary>What a silo tells another that has lost the store.</summary>
/// <param name="Silo">Its row.</param>
/// <param name="ReachesStore">
/// True: it has tried a write after it was asked, and the store has confirmed it. False is a promise: it claims nothing before it has watched the others anew for a whole lease.
/// Null: it cannot say.
/// </param>
/// <param name="Epochs">The highest epoch it knows of each shard, by number.</param>
/// <param name="Silos">The rows that it knows, dead ones included: whoever has lost the store earlier does not know who has joined since.</param>
/// <param name="IsAbsent">There is no such process: it has not answered, and need not be waited for.</param>
public sealed record PeerAnswer(long Silo, bool? ReachesStore, IReadOnlyList<long> Epochs, IReadOnlyList<SiloRow> Silos, bool IsAbsent = false)
{
    public static PeerAnswer Absent(long silo) => new(silo, ReachesStore: false, [], [], IsAbsent: true);
}
