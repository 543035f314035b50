using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Grains.Targets;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>
/// The robots of one silo of a cluster: a notifier for each shard that is owned here and has a robot. What others decide is found in the store, by looking
/// once a second and at once when a decision falls here; the store's order is the order in which a target's deliveries are taken up, whoever owned it meanwhile.
/// While the store is away what is decided here is brought to the robots' owners, or told in their place when they are silent (<see cref="StandIn"/>).
/// </summary>
public sealed partial class ShardNotifiers(
    IGrainStore store, StoreCondition condition, NotifierFactory factory, TimeProvider time, ILogger<ShardNotifiers> logger)
    : IDeliveryQueue, IChannelTester, ICondition, IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<int, ShardLease> _owned = [];
    private readonly Dictionary<int, Notifier> _running = [];
    private readonly Dictionary<int, StandIn> _standIns = [];
    private readonly Dictionary<(int Shard, long Silo), Commission> _commissions = [];
    private readonly Untold _untold = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _wake = NewSignal();
    private IReadOnlyList<Channel> _channels = [];
    private Task _looking = Task.CompletedTask;
    private int _trouble;
    private int _most = SendBudget.Slots;

    /// <summary>As the store had them when it was last read; empty before.</summary>
    public IReadOnlyList<Channel> Channels => Volatile.Read(ref _channels);

    /// <summary>These shards are owned here from now on; their robots' budgets and backlogs are read before anything is sent.</summary>
    public void Run(IReadOnlyCollection<ShardLease> leases)
    {
        lock (_lock)
        {
            foreach (var lease in leases)
            {
                _owned[lease.Fence.Shard] = lease;
            }
        }

        Wake();
    }

    /// <summary>Lets them go: nothing new is sent, what is under way comes back and is recorded.</summary>
    public Task StopAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        Task.WhenAll(Take(shards).Select(notifier => EndAsync(notifier, () => notifier.StopAsync(cancellationToken))));

    /// <summary>They are another's already.</summary>
    public Task LoseAsync(IReadOnlyCollection<int> shards) => Task.WhenAll(Take(shards).Select(notifier => EndAsync(notifier, notifier.LoseAsync)));

    public void Enqueue(IReadOnlyList<OpenDelivery> deliveries)
    {
        if (condition.HasGap)
        {
            foreach (var robots in deliveries.GroupBy(open => ShardOfChannel(open.Delivery.Key.ChannelId)))
            {
                if (robots.Key is { } shard && !TryEnqueue(shard, [.. robots]))
                {
                    Bring(shard, [.. robots]);
                }
            }
        }
        else
        {
            _untold.Add(deliveries);
        }

        Wake();
    }

    /// <summary>The other silos; null before they can be asked.</summary>
    public IRobotPeers? Peers { get; set; }

    /// <summary>Brought by another silo while the store is away.</summary>
    public BringAnswer Take(BringCall call)
    {
        Notifier? notifier;
        Commission? right;
        lock (_lock)
        {
            if (Peers is not { } peers || !_running.TryGetValue(call.Shard, out notifier) || !_owned.TryGetValue(call.Shard, out var lease) || lease.IsLost)
            {
                return BringAnswer.NotOwner;
            }

            if (!_commissions.TryGetValue((call.Shard, call.Silo), out right))
            {
                right = new Commission(() => peers.Now, () => peers.IsGone(call.Silo));
                _commissions.Add((call.Shard, call.Silo), right);
            }

            right.Take(call);
        }

        return notifier.Take(call, right);
    }

    /// <summary>False: the robots of the shard are not this silo's.</summary>
    private bool TryEnqueue(int shard, IReadOnlyList<OpenDelivery> deliveries)
    {
        Notifier? notifier;
        lock (_lock)
        {
            if (!_running.TryGetValue(shard, out notifier))
            {
                return false;
            }
        }

        notifier.Enqueue(deliveries);
        return true;
    }

    public void ChannelChanged(Channel channel) => Wake();

    public void ChannelDeleted(long channelId) => Wake();

    public async Task<ChannelTest> TestAsync(long channelId, CancellationToken cancellationToken)
    {
        var channels = await store.LoadChannelsAsync(cancellationToken);
        if (channels.FirstOrDefault(channel => channel.Id == channelId) is not { } channel)
        {
            return new ChannelTest(false, null, null, null, Notifying.Reasons.ChannelDeleted, null);
        }

        Begin(channels);
        Notifier? notifier;
        lock (_lock)
        {
            notifier = _running.GetValueOrDefault(factory.ShardOf(channel));
        }

        return notifier is null
            ? new ChannelTest(false, null, null, null, "the robot belongs to another silo", null)
            : await notifier.TestAsync(channelId, cancellationToken);
    }

    /// <summary>The shard whose owner sends to the channel's robot.</summary>
    public int ShardOf(Channel channel) => factory.ShardOf(channel);

    public IReadOnlyList<LocalizedText> Reasons() =>
        [.. (Volatile.Read(ref _trouble) != 0 ? (LocalizedText[])[Notifying.Reasons.NotLooked] : []).Concat(Running().SelectMany(notifier => notifier.Reasons())).Distinct()];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _looking = LookAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _looking;
        int[] all;
        Task[] standIns;
        lock (_lock)
        {
            all = [.. _owned.Keys];
            standIns = [.. _standIns.Values.Select(standIn => standIn.Running)];
        }

        await Task.WhenAll(standIns);

        await StopAsync(all, cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    private int? ShardOfChannel(long channelId) =>
        Volatile.Read(ref _channels).FirstOrDefault(channel => channel.Id == channelId) is { } channel ? factory.ShardOf(channel) : null;

    /// <summary>To the owner of their robots, as long as the store is away: then the owner finds them there.</summary>
    private void Bring(int shard, IReadOnlyList<OpenDelivery> deliveries)
    {
        lock (_lock)
        {
            if (_standIns.TryGetValue(shard, out var standIn) && standIn.TryAdd(deliveries))
            {
                return;
            }

            standIn = new StandIn(shard, Guid.CreateVersion7(time.GetUtcNow()).ToString("N"), factory, Channels, deliveries, logger)
            {
                Peers = () => Peers,
                IsAway = () => condition.HasGap,
                Own = open => TryEnqueue(shard, open),
                IsUntold = _untold.Contains,
            };
            _standIns[shard] = standIn;
            standIn.Start(time, _stop.Token);
        }
    }

    /// <summary>Who waits for a slot by one number of them must not wait on when it has changed.</summary>
    private void FollowShare()
    {
        var most = Peers?.Most(standsIn: false) ?? SendBudget.Slots;
        if (Interlocked.Exchange(ref _most, most) != most)
        {
            foreach (var notifier in Running())
            {
                notifier.Wake();
            }
        }
    }

    private Notifier[] Running()
    {
        lock (_lock)
        {
            return [.. _running.Values];
        }
    }

    private List<Notifier> Take(IReadOnlyCollection<int> shards)
    {
        var taken = new List<Notifier>();
        lock (_lock)
        {
            foreach (var shard in shards)
            {
                _owned.Remove(shard);
                if (_running.Remove(shard, out var notifier))
                {
                    taken.Add(notifier);
                }

                foreach (var lent in _commissions.Keys.Where(lent => lent.Shard == shard).ToArray())
                {
                    _commissions.Remove(lent);
                }
            }
        }

        return taken;
    }

    private static async Task EndAsync(Notifier notifier, Func<Task> end)
    {
        await end();
        notifier.Dispose();
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var signal = NextSignal();
            try
            {
                FollowShare();
                await LookOnceAsync(_stop.Token);
                Volatile.Write(ref _trouble, 0);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (Interlocked.Exchange(ref _trouble, 1) == 0)
                {
                    LogLookFailed(e);
                }
            }

            await WaitAsync(signal);
        }
    }

    /// <summary>A storm of decisions is one look, not thousands.</summary>
    private async Task WaitAsync(Task signal)
    {
        await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(signal, Task.Delay(Interval - Pause, time, enough.Token));
        await enough.CancelAsync();
    }

    /// <summary>While records wait for the store it is behind what was sent, and would make everything be sent again.</summary>
    private async Task LookOnceAsync(CancellationToken cancellationToken)
    {
        if (condition.HasGap)
        {
            if (_channels.Count == 0)
            {
                // After a start without the store: what was kept of it answers.
                Volatile.Write(ref _channels, await store.LoadChannelsAsync(cancellationToken));
            }

            Begin(_channels);
            return;
        }

        Volatile.Write(ref _channels, await store.LoadChannelsAsync(cancellationToken));
        Begin(_channels);
        var running = Running();
        if (running.Length == 0 && _untold.IsEmpty)
        {
            return;
        }

        var look = _untold.Begin();
        var open = await store.LoadOpenDeliveriesAsync(cancellationToken);
        _untold.Seen(look, open);
        foreach (var notifier in running)
        {
            notifier.Look(_channels, open);
        }
    }

    /// <summary>A notifier for each shard of ours that has a robot and none yet.</summary>
    private void Begin(IReadOnlyList<Channel> channels)
    {
        lock (_lock)
        {
            foreach (var shard in channels.Select(factory.ShardOf).Distinct())
            {
                if (_owned.TryGetValue(shard, out var lease) && !lease.IsLost && !_running.ContainsKey(shard))
                {
                    var notifier = factory.Make(new RobotScope(lease.Fence, () => lease.IsHeld) { Most = () => Peers?.Most(standsIn: false) ?? SendBudget.Slots });
                    _running.Add(shard, notifier);
                    _ = notifier.StartAsync(CancellationToken.None);
                }
            }
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            _wake.TrySetResult();
        }
    }

    private Task NextSignal()
    {
        lock (_lock)
        {
            _wake = NewSignal();
            return _wake.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What other silos have decided could not be read from the store; it is tried every second.")]
    private partial void LogLookFailed(Exception e);
}
