using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;

namespace Monitor.Gateway.Web.Live;

/// <summary>Feeds the last hour of what runs here: from every check as it ends, and from the store, once and unhurried, for what was before.</summary>
internal sealed partial class PastKeeper(RecentPast past, ITargetRuntime runtime, BoardReader board, IHistoryStore history, TimeProvider time, ILogger<PastKeeper> log)
    : BackgroundService, IObserver<KeyValuePair<string, object?>>
{
    /// <summary>Twenty reads a second at most: the hour of 2,000 targets is there within two minutes, and costs nobody anything.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);

    private readonly HashSet<long> _read = [];

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: SiloEvents.ProbeEnded, Value: CheckRecord result })
        {
            past.Add(result);
        }
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
        // The source lives as long as the process.
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
        // The source tells of no errors.
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Only this one event: nobody pays for the others.
        using var listening = SiloEvents.Source.Subscribe(this);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Round, time, stoppingToken);
                await ReadOnceAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Strips are a comfort: what is missing is read in the next round.
                LogNotRead(e.Message);
            }
        }
    }

    private async Task ReadOnceAsync(CancellationToken cancellationToken)
    {
        if (runtime.Figures().Shards == ShardMap.Count)
        {
            // Nothing is asked of others: the board stays warm for whoever comes first in the morning.
            await board.ReadAsync(cancellationToken);
        }

        var here = runtime.Here();
        foreach (var target in here.Where(_read.Add))
        {
            var to = time.GetUtcNow();
            foreach (var point in await history.HistoryAsync(target, to - (RecentPast.SlotLength * RecentPast.Slots), to, RecentPast.SlotLength, cancellationToken))
            {
                past.Add(target, point.At, point.Failures > 0 ? Mark.Failed : point.Warnings > 0 ? Mark.Warned : Mark.Ok);
            }

            await Task.Delay(Pace, time, cancellationToken);
        }

        // What runs elsewhere by now is told by its new owner, when somebody looks.
        var still = here.ToHashSet();
        foreach (var gone in _read.Where(id => !still.Contains(id)).ToArray())
        {
            _read.Remove(gone);
            past.Forget(gone);
        }
    }
}
