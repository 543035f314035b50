using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

/// <summary>How shards come to a silo of a cluster: the thread that turns the <see cref="LeaseKeeper"/>, from the start of the silo to its orderly end.</summary>
public sealed partial class LeaseLoop : IHostedService, IDisposable
{
    /// <summary>How long a stop waits for others to take the shards over; what is left then is theirs as soon as this silo has left.</summary>
    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(8);

    /// <summary>And for the word that it has left.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(2);

    private readonly LeaseKeeper _keeper;
    private readonly ShardHost _host;
    private readonly SteadyClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseLoop> _log;
    private readonly AutoResetEvent _wake = new(false);
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private volatile bool _ended;

    public LeaseLoop(LeaseKeeper keeper, ShardHost host, SteadyClock clock, TimeProvider time, ILogger<LeaseLoop> log)
    {
        (_keeper, _host, _clock, _time, _log) = (keeper, host, clock, time, log);
        _timer = time.CreateTimer(static loop => ((LeaseLoop)loop!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = "lease loop", Priority = ThreadPriority.AboveNormal };
        keeper.Wake = Wake;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread.Start();
        return Task.CompletedTask;
    }

    /// <summary>Hands the shards to whoever bids for them, ends what is left, and says that it has left, so that nobody has to wait for its lease.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _keeper.Post(new LeaseEvent.StopAsked(_clock.Now));
        if (!await InTimeAsync(_mayEnd.Task, HandOverLimit, cancellationToken))
        {
            LogNotTakenOver(_keeper.State.Held.Count);
        }

        await _host.StopAllAsync(cancellationToken);
        await RestoreAsync(cancellationToken);
        _keeper.Post(new LeaseEvent.AllEnded(_clock.Now));
        await InTimeAsync(_left.Task, LeaveLimit, cancellationToken);
        End();
    }

    public void Dispose()
    {
        End();
        _timer.Dispose();
        _keeper.Wake = null;
        if (!_thread.IsAlive || _thread.Join(LeaveLimit))
        {
            _wake.Dispose();
        }
    }

    private void End()
    {
        if (!_ended)
        {
            _ended = true;
            _keeper.Dispose();
            Wake();
        }
    }

    private void Run()
    {
        while (!_ended)
        {
            var wait = TimeSpan.Zero;
            try
            {
                wait = _keeper.Turn();
            }
#pragma warning disable CA1031 // Without this loop every shard is lost: it does not end because of one turn.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogTurnFailed(e);
                wait = LeaseRules.Default.LookEvery;
            }

            if (_keeper.MayEnd)
            {
                _mayEnd.TrySetResult();
            }

            if (_keeper.HasLeft)
            {
                _left.TrySetResult();
            }

            if (wait > TimeSpan.Zero)
            {
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
                _wake.WaitOne();
            }
        }
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _keeper.RestoreAllAsync(cancellationToken).WaitAsync(LeaveLimit, _time, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends before it could.
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogNotRestored(e);
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Set();
        }
        catch (ObjectDisposedException)
        {
            // A timer or an answer that was on its way while the process ends.
        }
    }

    private async Task<bool> InTimeAsync(Task what, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await what.WaitAsync(limit, _time, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A turn of the lease loop failed; the next one comes at once")]
    private partial void LogTurnFailed(Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "What another server of the store may lack of the last minute could not be stored before the end")]
    private partial void LogNotRestored(Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Shards} shards were not taken over in time; they are free as soon as this silo has left")]
    private partial void LogNotTakenOver(int shards);
}
