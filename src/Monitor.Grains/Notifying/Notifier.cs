using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Grains.Notifying.WeCom;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>
/// Takes decided deliveries to the robots, one sender for each. Nothing is sent before what an earlier process left has been read: its slots and its order count.
/// </summary>
public sealed partial class Notifier : IDeliveryQueue, IChannelTester, ICondition, IHostedService, IDisposable
{
    private static readonly TimeSpan RetryLoad = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OrphanLook = TimeSpan.FromMilliseconds(500);

    /// <summary>Longer than any slot counts, and long enough that a clock set back a little hides none.</summary>
    private static readonly TimeSpan SlotsOf = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly DeliveryRouter _router;
    private readonly Dictionary<string, (RobotSender Sender, Task Loop)> _senders = new(StringComparer.Ordinal);
    private readonly List<Task> _writes = [];
    private readonly List<Action> _beforeLoad = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly SenderContext _context;
    private readonly IGrainStore _store;
    private readonly RobotScope _scope;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loading = Task.CompletedTask;
    private bool _readingChannels;
    private bool _loadTrouble;
    private TimeSpan? _orphansSince;

    /// <param name="scope">Null: all robots.</param>
    /// <param name="sends">Null: nobody asks what was sent.</param>
    public Notifier(
        IGrainStore store, IRecordWriter writer, HttpMessageInvoker http, NotifierOptions options, TimeProvider time, ILogger<Notifier> logger, RobotScope? scope = null,
        OwnSends? sends = null)
    {
        _store = store;
        _scope = scope ?? RobotScope.All;
        _router = new DeliveryRouter(options, _scope);
        _context = new SenderContext(_gate, _router, _scope, writer, new WeComRobot(http, time, sends), time, logger, _stopping.Token, _abort.Token);
    }

    /// <summary>Completes when what an earlier process left has been taken over.</summary>
    public Task Loaded => _loaded.Task;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loading = LoadAsync();
        return Task.CompletedTask;
    }

    /// <summary>Begins nothing new, and lets what is under way come back and be recorded, for at most 5 s.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        Task[] ends;
        lock (_gate)
        {
            ends = [_loading, .. _senders.Values.Select(sender => sender.Loop), .. _writes];
        }

        var all = Task.WhenAll(ends);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(all, Task.Delay(StopWithin, _context.Time, giveUp.Token));
        await giveUp.CancelAsync();
        await _abort.CancelAsync();
        await all;
    }

    /// <summary>What the store says now, of deliveries that others have decided and of channels. Nothing before <see cref="Loaded"/>, which has read the same.</summary>
    public void Look(IReadOnlyCollection<Channel> channels, IReadOnlyCollection<OpenDelivery> open)
    {
        if (_loaded.Task.IsCompleted)
        {
            Change(() => _router.Look(channels, open, _context.Now));
        }
    }

    /// <summary>The robots are another's: nothing is waited for, nothing more is posted.</summary>
    public async Task LoseAsync()
    {
        await _stopping.CancelAsync();
        await _abort.CancelAsync();
        await StopAsync(CancellationToken.None);
    }

    public void Enqueue(IReadOnlyList<OpenDelivery> deliveries) => Change(() => _router.Add(deliveries));

    public void ChannelChanged(Channel channel) => Change(() => _router.ChannelChanged(channel));

    public void ChannelDeleted(long channelId) => Change(() => _router.ChannelDeleted(channelId));

    public IReadOnlyList<LocalizedText> Reasons()
    {
        lock (_gate)
        {
            return _loadTrouble ? [Notifying.Reasons.NotLoaded, .. _router.Troubles()] : _router.Troubles();
        }
    }

    public async Task<ChannelTest> TestAsync(long channelId, CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken);
        Channel? channel;
        RobotDesk desk;
        DeliveryWrite claim;
        var id = Guid.CreateVersion7(_context.Now.Wall).ToString("N");
        await ReadChannelsAsync(channelId, cancellationToken);
        lock (_gate)
        {
            channel = _router.Channel(channelId);
            if (channel is null)
            {
                return new ChannelTest(false, null, null, null, Notifying.Reasons.ChannelDeleted, null);
            }

            desk = _router.Desk(channel.Settings.WebhookUrl);
            if (desk.Blocked(_context.Now) is { } wait)
            {
                return new ChannelTest(false, null, null, null, null, wait);
            }

            claim = new DeliveryWrite([], [desk.Budget.Take(id, _context.Now)], _scope.Fence);
        }

        return await TestAsync(channel, desk, id, claim, cancellationToken);
    }

    private async Task<ChannelTest> TestAsync(Channel channel, RobotDesk desk, string id, DeliveryWrite claim, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort.Token);
        PostVerdict? verdict = null;
        try
        {
            await _context.Writer.WriteAsync(claim, both.Token);
            var text = TestText.Markdown(channel.Settings.Name, _context.Now.Wall, _router.Composer.Style(channel.Settings));
            verdict = await _context.Robot.PostAsync(desk.Url, WeComBody.Markdown(text), null, both.Token);
        }
        finally
        {
            SendSlot ended;
            lock (_gate)
            {
                ended = verdict is null ? desk.Budget.End(id, _context.Now) : desk.Ended(id, verdict, _context.Now);
            }

            Keep(new DeliveryWrite([], [ended]));
            WakeAll();
        }

        return new ChannelTest(verdict.Outcome == PostOutcome.Ok, verdict.HttpStatus, verdict.ErrCode, verdict.ErrMsg, verdict.Answer ?? verdict.Said, null);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _abort.Dispose();
    }

    private async Task LoadAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var channels = await _store.LoadChannelsAsync(_stopping.Token);
                var sends = await _store.LoadSendsAsync(_context.Now.Wall - SlotsOf, _stopping.Token);
                var open = await _store.LoadOpenDeliveriesAsync(_stopping.Token);
                if (!await WatchOrphansAsync(channels, open))
                {
                    Take(channels, sends, open);
                    return;
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogNotLoaded(_context.Logger, e);
                _loadTrouble = true;
                await Task.WhenAny(Task.Delay(RetryLoad, _context.Time, _stopping.Token));
            }
        }
    }

    /// <summary>
    /// Where another silo may still be posting what it has claimed: true after a wait, and then all is read again. Everything of the robot waits for it,
    /// so that no recovery overtakes its firing.
    /// </summary>
    private async Task<bool> WatchOrphansAsync(IReadOnlyList<Channel> channels, IReadOnlyList<OpenDelivery> open)
    {
        if (_scope.Fence is null || !_router.IsBeingSent(channels, open))
        {
            return false;
        }

        var now = _context.Now.Elapsed;
        _orphansSince ??= now;
        var left = _orphansSince.Value + RobotScope.OrphanAge - now;
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        await Task.Delay(left < OrphanLook ? left : OrphanLook, _context.Time, _stopping.Token);
        return true;
    }

    private void Take(IReadOnlyList<Channel> channels, IReadOnlyList<SendSlot> sends, IReadOnlyList<OpenDelivery> open)
    {
        lock (_gate)
        {
            Keep(_router.Load(channels, sends, open, _context.Now));
            _loadTrouble = false;
            _loaded.SetResult();

            // What came meanwhile, in its order; what was read just now is known already.
            _beforeLoad.ForEach(change => change());
            _beforeLoad.Clear();
            LogLoaded(_context.Logger, open.Count, sends.Count);
        }

        WakeAll();
    }

    private void Change(Func<List<Delivery>> change)
    {
        lock (_gate)
        {
            if (!_loaded.Task.IsCompleted)
            {
                _beforeLoad.Add(() => Keep(change()));
                return;
            }

            Keep(change());
        }

        WakeAll();
    }

    private void Keep(List<Delivery> rows)
    {
        if (rows.Count > 0)
        {
            Keep(new DeliveryWrite(rows, []));
        }
    }

    private void Keep(DeliveryWrite write)
    {
        var task = RecordAsync(write);
        lock (_gate)
        {
            _writes.RemoveAll(done => done.IsCompleted);
            _writes.Add(task);
        }
    }

    private async Task RecordAsync(DeliveryWrite write)
    {
        try
        {
            await _context.Writer.WriteAsync(write, _abort.Token);
        }
        catch (OperationCanceledException)
        {
            LogNotRecorded(_context.Logger, null, write.Deliveries.Count);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotRecorded(_context.Logger, e, write.Deliveries.Count);
        }
    }

    /// <summary>Every desk has a running sender; all look again. Cheap: a sender without work goes back to sleep.</summary>
    private void WakeAll()
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            foreach (var desk in _router.Desks)
            {
                if (!_senders.TryGetValue(desk.Key, out var running))
                {
                    var sender = new RobotSender(desk, _context) { Changed = WakeAll };
                    running = (sender, Task.Run(sender.RunAsync, CancellationToken.None));
                    _senders.Add(desk.Key, running);
                }

                running.Sender.Wake();
            }

            if (_router.HasOrphans && !_readingChannels)
            {
                _readingChannels = true;
                _writes.Add(AdoptAsync());
            }
        }
    }

    /// <summary>A delivery came for a channel that this process has not heard of: it was made a moment ago, or is gone.</summary>
    private async Task AdoptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var channels = await _store.LoadChannelsAsync(_stopping.Token);
                lock (_gate)
                {
                    _readingChannels = false;
                    Keep(_router.Adopt(channels));
                }

                WakeAll();
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogNotLoaded(_context.Logger, e);
                await Task.WhenAny(Task.Delay(RetryLoad, _context.Time, _stopping.Token));
            }
        }
    }

    private async Task ReadChannelsAsync(long channelId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_router.Channel(channelId) is not null)
            {
                return;
            }
        }

        var channels = await _store.LoadChannelsAsync(cancellationToken);
        Change(() => _router.Adopt(channels));
    }
}
