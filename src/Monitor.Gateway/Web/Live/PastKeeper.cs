using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.Gateway.Web.Live;

/// <summary>Feeds the last hour: from every check that ends here as it ends, and from the store, unhurried, for what was before and for what runs elsewhere.</summary>
internal sealed partial class PastKeeper(RecentPast past, BoardReader board, IHistoryStore history, TimeProvider time, ILogger<PastKeeper> log)
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
        var now = await board.ReadAsync(cancellationToken);
        foreach (var target in now.Targets)
        {
            // What runs here needs its past once; what runs elsewhere is only in the store.
            if (target.IsHere && !_read.Add(target.Id))
            {
                continue;
            }

            var to = time.GetUtcNow();
            foreach (var point in await history.HistoryAsync(target.Id, to - (RecentPast.SlotLength * RecentPast.Slots), to, RecentPast.SlotLength, cancellationToken))
            {
                past.Add(target.Id, point.At, point.Failures > 0 ? Mark.Failed : point.Warnings > 0 ? Mark.Warned : Mark.Ok);
            }

            await Task.Delay(Pace, time, cancellationToken);
        }

        _read.RemoveWhere(id => !now.ById.ContainsKey(id));
    }
}
