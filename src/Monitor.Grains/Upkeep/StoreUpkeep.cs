using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Upkeep;

/// <summary>
/// Keeps the store small, a bounded round at a time. Between rounds there is a pause, also when more is to do, so that commits get their turn.
/// </summary>
public sealed partial class StoreUpkeep(
    IStoreLifecycle lifecycle, StoreCondition condition, Retention retention, TimeProvider time, ILogger<StoreUpkeep> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private bool _troubled;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var more = await RoundAsync(stoppingToken);
            await Task.Delay(more ? Pause : Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>While the store is away it is left alone: its first write belongs to what waits.</summary>
    private async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        if (condition.HasGap)
        {
            return false;
        }

        try
        {
            var more = await Task.Run(() => lifecycle.MaintainAsync(time.GetUtcNow(), retention, cancellationToken), cancellationToken);
            _troubled = false;
            return more;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogOnce(e);
            return false;
        }
    }

    private void LogOnce(Exception e)
    {
        if (!_troubled)
        {
            LogFailed(e);
        }

        _troubled = true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "upkeep: a round failed; old records stay until one goes well")]
    private partial void LogFailed(Exception e);
}
