using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Peers;

/// <summary>How the targets of other silos are, by asking those silos: every two seconds at most, however many want to know.</summary>
public sealed class PeerSights(ICluster cluster, PeerClient peers, TimeProvider time) : ILiveTargets, IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _asking = new(1);
    private LiveElsewhere _last = LiveElsewhere.None;
    private long? _askedAt;

    public async Task<LiveElsewhere> ReadAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_askedAt is { } at && time.GetElapsedTime(at) < Freshness)
            {
                return _last;
            }

            _last = await AskAsync(cancellationToken);
            _askedAt = time.GetTimestamp();
            return _last;
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    private async Task<LiveElsewhere> AskAsync(CancellationToken cancellationToken)
    {
        SiloRow[] others = [.. cluster.View?.Silos.Where(row => !row.Dead && row.Id != cluster.Self) ?? []];
        var answers = await Task.WhenAll(others.Select(row => peers.SightsAsync(row, cancellationToken)));
        var targets = new Dictionary<long, LiveTarget>();
        foreach (var one in answers.OfType<SightsAnswer>().SelectMany(answer => answer.Targets))
        {
            // One that is seen by two has moved just now: the later word counts.
            var live = new LiveTarget(one.State, one.Last, one.Unprobed, one.Past);
            if (!targets.TryGetValue(one.Id, out var other) || other.LastResult is null || other.LastResult.CheckedAt < one.Last?.CheckedAt)
            {
                targets[one.Id] = live;
            }
        }

        return new LiveElsewhere(targets, answers.All(answer => answer is not null));
    }
}
