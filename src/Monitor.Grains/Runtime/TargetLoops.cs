using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Health;
using Monitor.Core.Text;
using Monitor.Grains.Probing;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Shards;

namespace Monitor.Grains.Runtime;

/// <summary>The loops that all targets share: the scheduler, the stall ticker, and a look round once a second. Started before any shard runs, ended after all have stopped.</summary>
public sealed partial class TargetLoops(
    Scheduler scheduler, StallDetector stalls, ShardHost host, EditWatch edits, SilenceWatch silence, TimeProvider time, ILogger<TargetLoops> log)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Telemetry.Gauge("monitor_targets", "Targets that run here, by status.", Statuses);
        Telemetry.Gauge("monitor_targets_unprobed", "Enabled targets that have not been probed for two intervals.", () => [new(silence.Unprobed().Count)]);
        Telemetry.Gauge("monitor_shards_owned", "Shards that run here.", () => [new(host.Shards.Count)]);
        stalls.Start();
        _running = Task.WhenAll(
            Task.Run(() => scheduler.RunAsync(_stop.Token), CancellationToken.None),
            Task.Run(() => LookRoundAsync(_stop.Token), CancellationToken.None));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    private async Task LookRoundAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(cancellationToken);
                silence.Look();
                await edits.LookAsync(cancellationToken);
                await host.TakeUpOwedAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The look round works for all targets: it does not end because of one round.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogRoundFailed(e);
            }
        }
    }

    private IEnumerable<Measurement<double>> Statuses()
    {
        var counts = host.Grains.CountBy(grain => grain.State.Status).ToDictionary();
        return Enum.GetValues<HealthStatus>().Select(status => new Measurement<double>(
            counts.GetValueOrDefault(status), new KeyValuePair<string, object?>("status", status.Name())));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A look round the targets failed; the next comes in a second")]
    private partial void LogRoundFailed(Exception error);
}
