using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>
/// One outbox at work, for the robots of one shard, as long as the store is away: brings what is decided here to the robots' owner, and tells it here while that one is silent.
/// </summary>
internal sealed partial class StandIn
{
    private readonly Lock _lock = new();
    private readonly Outbox _outbox;
    private readonly Notifier _notifier;
    private readonly NotifierFactory _factory;
    private readonly ILogger _log;
    private readonly int _shard;
    private readonly IReadOnlyList<OpenDelivery> _first;
    private readonly List<Task> _records = [];
    private TaskCompletionSource _signal = NewSignal();
    private bool _closed;
    private bool _isSending;

    /// <summary>The owner was found silent, and has not answered since.</summary>
    private bool _isSilent;

    public StandIn(int shard, string run, NotifierFactory factory, IReadOnlyList<Channel> channels, IReadOnlyList<OpenDelivery> deliveries, ILogger log)
    {
        (_shard, _factory, _log) = (shard, factory, log);
        _outbox = new Outbox(shard, run);
        _first = deliveries;
        _notifier = factory.Make(new RobotScope(null, MaySend) { Shard = shard, Most = Share });
        _notifier.Ended = Ended;
        _notifier.StandIn(channels, factory.OwnSlots(channels, shard));
    }

    public required Func<IRobotPeers?> Peers { get; init; }

    /// <summary>False: what was decided here is in the store, and the robots' owner finds it there.</summary>
    public required Func<bool> IsAway { get; init; }

    /// <summary>The robots turn out to be this silo's own: true when that has taken them.</summary>
    public required Func<IReadOnlyList<OpenDelivery>, bool> Own { get; init; }

    /// <summary>Whether the store may hold it untold.</summary>
    public required Func<DeliveryKey, bool> IsUntold { get; init; }

    public Task Running { get; private set; } = Task.CompletedTask;

    public void Start(TimeProvider time, CancellationToken stop)
    {
        TryAdd(_first);
        Running = Task.Run(() => RunAsync(time, stop), CancellationToken.None);
    }

    /// <summary>False: it is over; the store was back for a moment.</summary>
    public bool TryAdd(IReadOnlyList<OpenDelivery> deliveries)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            _outbox.Add(deliveries, Now);
            _signal.TrySetResult();
            return true;
        }
    }

    private TimeSpan Now => Peers()?.Now ?? TimeSpan.Zero;

    private int Share() => Peers()?.Most(standsIn: true) ?? 1;

    private bool MaySend()
    {
        lock (_lock)
        {
            return !_closed && _outbox.StandsIn && IsAway() && Peers()?.MayStandIn == true;
        }
    }

    private async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        (BringCall Call, Task<BringAnswer?> Answer)? calling = null;
        var callAt = TimeSpan.MinValue;
        while (!stop.IsCancellationRequested && (IsAway() || !Close()))
        {
            var signal = NextSignal();
            try
            {
                if (calling is { Answer.IsCompleted: true } done)
                {
                    calling = null;
                    callAt = Take(done.Call, await done.Answer) ? TimeSpan.MinValue : Now + Outbox.Interval;
                }

                Turn();
                if (calling is null && Now >= callAt && Call() is { } call && Peers() is { } peers)
                {
                    calling = (call, peers.BringAsync(call, over.Token));
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                (calling, callAt) = (null, Now + Outbox.Interval);
                LogFailed(e);
            }
            catch (OperationCanceledException)
            {
                calling = null;
            }

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(signal, calling?.Answer ?? signal, Task.Delay(Outbox.Interval, time, enough.Token));
            await enough.CancelAsync();
            callAt = signal.IsCompleted ? TimeSpan.MinValue : callAt;
        }

        await over.CancelAsync();
        await EndAsync(calling?.Answer);
    }

    /// <summary>What is under way comes back, and is recorded.</summary>
    private async Task EndAsync(Task? calling)
    {
        Close();
        await Task.WhenAll([_notifier.StopAsync(CancellationToken.None), (calling ?? Task.CompletedTask).ContinueWith(static _ => { }, TaskScheduler.Default), .. _records]);
        _notifier.Dispose();
    }

    /// <summary>From here on nothing is taken in; whoever has something begins a new one, if the store is still away.</summary>
    private bool Close()
    {
        lock (_lock)
        {
            return _closed = true;
        }
    }

    private void Turn()
    {
        var peers = Peers();
        IReadOnlyList<OpenDelivery> open;
        lock (_lock)
        {
            open = _outbox.HasWork ? _outbox.Open() : [];
        }

        if (open.Count > 0 && Own(open))
        {
            lock (_lock)
            {
                _outbox.Clear();
            }

            return;
        }

        List<OpenDelivery> here;
        lock (_lock)
        {
            if (peers is not null)
            {
                _outbox.Turn(peers.Now, peers.HeardOf(_shard), peers.MayStandIn);
            }

            here = _outbox.TakeForHere(MayTell);
            _isSending = _outbox.StandsIn;
        }

        if (_isSending && !_isSilent)
        {
            _isSilent = true;
            LogSilent(_shard, open.Count);
        }

        if (here.Count > 0)
        {
            _notifier.Take(here);
        }
        else if (_isSending)
        {
            _notifier.Wake();
        }
    }

    private bool MayTell(DeliveryKey key) => key.Kind != DeliveryKind.Resolved || !IsUntold(key with { Kind = DeliveryKind.Firing });

    private BringCall? Call()
    {
        if (Peers() is not { } peers)
        {
            return null;
        }

        var isBusy = _notifier.IsBusy;
        lock (_lock)
        {
            return _outbox.HasWork || _outbox.HasNews ? _outbox.Call(peers.Self, isBusy) : null;
        }
    }

    /// <summary>True when the next call is due at once.</summary>
    private bool Take(BringCall call, BringAnswer? answer)
    {
        if (answer is not { IsOwner: true })
        {
            return false;
        }

        IReadOnlyList<Delivery> ended;
        bool again;
        lock (_lock)
        {
            ended = _outbox.Answered(call, answer, Now, out again);
        }

        if (_isSilent)
        {
            _isSilent = false;
            LogAnswers(_shard);
        }

        if (ended.Count > 0)
        {
            _notifier.Learn(ended);

            // So that the store never calls it pending, whatever becomes of the robots' owner.
            _records.RemoveAll(record => record.IsCompleted);
            _records.Add(RecordAsync(ended));
        }

        return again;
    }

    private async Task RecordAsync(IReadOnlyList<Delivery> ended)
    {
        try
        {
            await _factory.RecordAsync(ended, CancellationToken.None);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e);
        }
        catch (OperationCanceledException)
        {
            // The writer has stopped; the robots' owner has recorded it.
        }
    }

    /// <summary>With the notifier's gate held.</summary>
    private void Ended(Delivery row)
    {
        lock (_lock)
        {
            _outbox.Ended(row);
            _signal.TrySetResult();
        }
    }

    private Task NextSignal()
    {
        lock (_lock)
        {
            _signal = _signal.Task.IsCompleted ? NewSignal() : _signal;
            return _signal.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store is away, and so is the owner of the robots of shard {Shard}: this silo sends what it decides in its place ({Open} notices now)")]
    private partial void LogSilent(int shard, int open);

    [LoggerMessage(Level = LogLevel.Information, Message = "The owner of the robots of shard {Shard} answers again, and sends by itself")]
    private partial void LogAnswers(int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was decided while the store is away could not be brought to the robots' owner at this moment")]
    private partial void LogFailed(Exception e);
}
