using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Writing;

/// <summary>
/// Decisions that were kept for the store and do not fit it any more, because another silo has had their shard meanwhile. They were told: so each becomes an episode of its own, and one
/// that nobody has ended is ended. They wait until all that was kept is stored, so that the last word on each is known.
/// </summary>
public sealed partial class Strays(IStrayEpisodes store, TimeProvider time, ILogger<Strays> log) : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Target, int Episode), StrayEpisode> _waiting = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _settling = Task.CompletedTask;

    /// <summary>The store has not taken it.</summary>
    public void Note(StateWrite write)
    {
        lock (_lock)
        {
            foreach (var alert in write.Alerts)
            {
                var key = (alert.TargetId, alert.Episode);
                var rows = write.Deliveries.Where(row => row.Key.Episode == alert.Episode).ToArray();
                _waiting[key] = _waiting.TryGetValue(key, out var known)
                    ? known with { Alert = alert.IsOpen && !known.Alert.IsOpen ? known.Alert : alert, Deliveries = [.. known.Deliveries, .. rows.ExceptBy(known.Deliveries.Select(row => row.Key), row => row.Key)] }
                    : new StrayEpisode(alert, write.Location, rows);
            }
        }
    }

    /// <summary>How far deliveries have come, of those that follow what was noted.</summary>
    public void See(DeliveryWrite write)
    {
        lock (_lock)
        {
            foreach (var row in write.Deliveries)
            {
                var key = (row.Key.TargetId, row.Key.Episode);
                if (_waiting.TryGetValue(key, out var known))
                {
                    _waiting[key] = known with { Deliveries = [.. known.Deliveries.Where(other => other.Key != row.Key), row] };
                }
            }
        }
    }

    /// <summary>All that was kept is stored.</summary>
    public void Settle()
    {
        lock (_lock)
        {
            if (_waiting.Count > 0 && _settling.IsCompleted)
            {
                _settling = Task.Run(SettleAsync, CancellationToken.None);
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task SettleAsync()
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            StrayEpisode[] waiting;
            lock (_lock)
            {
                waiting = [.. _waiting.Values];
                if (waiting.Length == 0)
                {
                    _settling = Task.CompletedTask;
                    return;
                }
            }

            foreach (var stray in waiting)
            {
                await SettleAsync(stray, stop);
            }

            await Task.Delay(Again, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SettleAsync(StrayEpisode stray, CancellationToken cancellationToken)
    {
        try
        {
            if (!await store.AdoptAsync(stray, cancellationToken))
            {
                return;
            }

            LogAdopted(stray.Alert.Reference);
            lock (_lock)
            {
                var key = (stray.Alert.TargetId, stray.Alert.Episode);
                if (_waiting.TryGetValue(key, out var now) && ReferenceEquals(now, stray))
                {
                    _waiting.Remove(key);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogWaits(stray.Alert.Reference, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: {Reference} was decided here while its shard moved on; it has its record now")]
    private partial void LogAdopted(string reference);

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: {Reference} was decided here while its shard moved on; it could not be recorded yet: {Reason}")]
    private partial void LogWaits(string reference, string reason);
}
