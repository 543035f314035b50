using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Grains.Notifying;

/// <summary>
/// Which delivery waits at which robot's desk, and what follows when channels change. No clock, no thread, no I/O; its owner guards it with one lock.
/// Every delivery that came in is at a desk, an orphan, or has been given back with a final status.
/// </summary>
internal sealed partial class DeliveryRouter(NotifierOptions options, RobotScope scope)
{
    /// <summary>
    /// Looks at the store for which a delivery that has ended is remembered: its row may say pending until the record of its end is written, and what is taken
    /// for pending once more would be sent once more.
    /// </summary>
    private const int LooksRemembered = 120;

    private readonly Dictionary<long, Channel> _channels = [];
    private readonly HashSet<long> _deleted = [];
    private readonly Dictionary<long, string> _routes = [];
    private readonly Dictionary<string, RobotDesk> _desks = new(StringComparer.Ordinal);
    private readonly HashSet<DeliveryKey> _open = [];
    private readonly List<OpenDelivery> _orphans = [];
    private readonly Dictionary<DeliveryKey, (Delivery Row, long Look)> _ended = [];
    private long _looks;

    /// <summary>Firings that nobody heard, while their episode is open: their recoveries must not be told either.</summary>
    private readonly Dictionary<DeliveryKey, DeliveryStatus> _unheard = [];

    public IReadOnlyCollection<RobotDesk> Desks => _desks.Values;

    /// <summary>Deliveries came for channels that are not known here yet.</summary>
    public bool HasOrphans => _orphans.Count > 0;

    public Channel? Channel(long id) => _channels.GetValueOrDefault(id);

    /// <summary>The desk of the robot behind a URL; two channels with the same URL share it.</summary>
    public RobotDesk Desk(string webhookUrl)
    {
        var key = RobotScope.NameOf(options.RobotSecret(), webhookUrl);
        if (!_desks.TryGetValue(key, out var desk))
        {
            desk = new RobotDesk(key, new Uri(webhookUrl), Composer, scope.Most) { MayBegin = MayBegin };
            LoadSlots(desk);
            _desks.Add(key, desk);
        }

        return desk;
    }

    public Composer Composer => field ??= new Composer(options.Messages, Channel);

    /// <summary>Takes deliveries in; answers the rows of those that end here (suppressed, superseded, dead).</summary>
    public List<Delivery> Add(IEnumerable<OpenDelivery> deliveries)
    {
        var rows = new List<Delivery>();
        foreach (var open in deliveries)
        {
            if (open.Delivery.Status == DeliveryStatus.Pending && !HasEnded(open) && _open.Add(open.Delivery.Key))
            {
                // One that has ended here may be brought once more, because an answer was lost or its silo has started anew.
                Route(open, false, rows);
            }
        }

        return rows;
    }

    /// <summary>
    /// What the store says now: other silos decide, too, and edit channels. What is being sent is known here, or is another's: then it is watched, and taken up when that one has
    /// had its time.
    /// </summary>
    public List<Delivery> Look(IReadOnlyCollection<Channel> channels, IReadOnlyCollection<OpenDelivery> open, Moment now)
    {
        _looks++;
        foreach (var (key, ended) in _ended)
        {
            if (_looks - ended.Look > LooksRemembered)
            {
                _ended.Remove(key);
            }
        }

        ReturnBorrowed(open);

        var rows = Adopt(channels);
        var present = channels.Select(channel => channel.Id).ToHashSet();
        foreach (var gone in _channels.Keys.Where(id => !present.Contains(id)).ToArray())
        {
            rows.AddRange(ChannelDeleted(gone));
        }

        foreach (var one in open)
        {
            var key = one.Delivery.Key;
            if (one.Delivery.Status is DeliveryStatus.Dead or DeliveryStatus.Suppressed && !_open.Contains(key))
            {
                _unheard[key] = one.Delivery.Status;
            }
            else if (one.Delivery.Status == DeliveryStatus.Pending && !HasEnded(one) && _open.Add(key))
            {
                Route(one, false, rows);
            }
        }

        TakeOrphans(open, now, rows);
        return rows;
    }

    /// <summary>Whether any of these is on its way to a robot of this scope.</summary>
    public bool IsBeingSent(IEnumerable<Channel> channels, IEnumerable<OpenDelivery> open)
    {
        var here = channels.Where(IsHere).Select(channel => channel.Id).ToHashSet();
        return open.Any(one => one.Delivery.Status == DeliveryStatus.Sending && here.Contains(one.Delivery.Key.ChannelId));
    }

    public List<Delivery> ChannelChanged(Channel channel)
    {
        var rows = new List<Delivery>();
        if (Take(channel))
        {
            Reconcile(channel.Id, rows);
            Adopt(rows);
        }

        return rows;
    }

    public List<Delivery> ChannelDeleted(long channelId)
    {
        var rows = new List<Delivery>();
        _channels.Remove(channelId);
        _deleted.Add(channelId);
        Reconcile(channelId, rows);
        Adopt(rows);
        return rows;
    }

    /// <summary>All channels as they are stored now: what still has none belongs to a channel that is gone.</summary>
    public List<Delivery> Adopt(IEnumerable<Channel> all)
    {
        var rows = new List<Delivery>();
        foreach (var channel in all)
        {
            if (Take(channel))
            {
                Reconcile(channel.Id, rows);
            }
        }

        foreach (var orphan in _orphans.Where(orphan => !_channels.ContainsKey(orphan.Delivery.Key.ChannelId)))
        {
            _deleted.Add(orphan.Delivery.Key.ChannelId);
        }

        Adopt(rows);
        return rows;
    }

    /// <summary>A message has come back: the rows of what it carried, and of what follows from that.</summary>
    public List<Delivery> Settle(RobotDesk desk, Dispatch dispatch, PostVerdict verdict, string? mentionTrouble, Moment now)
    {
        var uncertain = dispatch.Notices.Where(notice => notice.MayHaveArrived).Select(notice => notice.Key).ToHashSet();
        var channels = dispatch.Deliveries.Select(delivery => delivery.Key.ChannelId).ToHashSet();
        var rows = desk.Settle(dispatch, verdict, mentionTrouble, now);
        EndLearned(desk, rows);
        foreach (var row in rows.Where(row => row.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending)))
        {
            // Of a firing that may have arrived the recovery is told: better once too often than an alert without an end.
            Finish(row, uncertain.Contains(new NoticeKey(row.Key.TargetId, row.Key.Episode, row.Key.Kind)));
        }

        foreach (var (open, mayHaveArrived) in desk.Queue.Withdraw(delivery => _unheard.ContainsKey(FiringOf(delivery.Key))))
        {
            Route(open, mayHaveArrived, rows);
        }

        Resume(desk, channels, rows);
        return rows;
    }

    /// <summary>Nothing was posted, because of a defect: everything waits again for a while.</summary>
    public List<Delivery> Abandon(RobotDesk desk, Dispatch dispatch, Moment now, TimeSpan hold)
    {
        var rows = new List<Delivery>();
        desk.Abandon(dispatch, now, hold);
        EndLearned(desk, rows);
        Resume(desk, dispatch.Deliveries.Select(delivery => delivery.Key.ChannelId).ToHashSet(), rows);
        return rows;
    }

    /// <summary>Another silo owns these now: this one knows of them no more.</summary>
    public List<Delivery> Drop(RobotDesk desk, Dispatch dispatch, Moment now)
    {
        var rows = new List<Delivery>();
        desk.Drop(dispatch, now);
        foreach (var delivery in dispatch.Deliveries)
        {
            Forget(delivery.Key);
        }

        Resume(desk, dispatch.Deliveries.Select(delivery => delivery.Key.ChannelId).ToHashSet(), rows);
        return rows;
    }

    /// <summary>A line for each channel whose robot refuses or cannot be reached.</summary>
    public List<LocalizedText> Troubles() =>
    [
        .. from channel in _channels.Values
           where channel.Settings.Enabled && IsHere(channel)
           let trouble = Desk(channel.Settings.WebhookUrl).Trouble
           where trouble is not null
           orderby channel.Id
           select new LocalizedText($"channel {channel.Settings.Name}: {trouble}", $"通道 {channel.Settings.Name}：{trouble}"),
    ];

    private static DeliveryKey FiringOf(DeliveryKey key) => key with { Kind = key.Kind == DeliveryKind.Resolved ? DeliveryKind.Firing : DeliveryKind.Resolved };

    /// <summary>Nothing is under way at the desk any more: channels that wait to leave it may.</summary>
    private void Resume(RobotDesk desk, HashSet<long> channels, List<Delivery> rows)
    {
        desk.Paused = false;
        foreach (var channel in channels)
        {
            Reconcile(channel, rows);
        }
    }

    private bool Take(Channel channel)
    {
        if (_deleted.Contains(channel.Id) || (_channels.TryGetValue(channel.Id, out var known) && known.Revision > channel.Revision))
        {
            return false;
        }

        _channels[channel.Id] = channel;
        return true;
    }

    private void Adopt(List<Delivery> rows)
    {
        var orphans = _orphans.ToList();
        _orphans.Clear();
        foreach (var orphan in orphans)
        {
            Route(orphan, orphan.Delivery.Status == DeliveryStatus.Sending, rows);
        }
    }

    private void Route(OpenDelivery open, bool mayHaveArrived, List<Delivery> rows)
    {
        var delivery = open.Delivery;
        if (delivery.Key.Kind == DeliveryKind.Resolved && _unheard.Remove(FiringOf(delivery.Key), out var firing))
        {
            Finish(rows, firing == DeliveryStatus.Dead
                ? delivery with { Status = DeliveryStatus.Superseded, Reason = Reasons.FiringDead }
                : delivery with { Status = DeliveryStatus.Suppressed, Reason = Reasons.FiringSuppressed }, false);
        }
        else if (!_channels.TryGetValue(delivery.Key.ChannelId, out var channel))
        {
            if (_deleted.Contains(delivery.Key.ChannelId))
            {
                Finish(rows, delivery with { Status = DeliveryStatus.Dead, Reason = Reasons.ChannelDeleted }, mayHaveArrived);
                return;
            }

            _orphans.Add(open);
        }
        else if (!IsHere(channel))
        {
            // Its robot is another silo's, or another notifier's: it finds the delivery in the store.
            Forget(delivery.Key);
        }
        else if (!channel.Settings.Enabled)
        {
            Finish(rows, delivery with { Status = DeliveryStatus.Suppressed, Reason = Reasons.ChannelDisabled }, mayHaveArrived);
        }
        else
        {
            if (!_routes.TryGetValue(channel.Id, out var key))
            {
                key = Desk(channel.Settings.WebhookUrl).Key;
                _routes.Add(channel.Id, key);
            }

            _desks[key].Queue.Add(open, mayHaveArrived);
        }
    }

    /// <summary>What waits for a channel goes where the channel is now. What is under way comes back first, so that nothing overtakes it.</summary>
    private void Reconcile(long channelId, List<Delivery> rows)
    {
        if (!_routes.TryGetValue(channelId, out var key))
        {
            return;
        }

        var desk = _desks[key];
        var target = _channels.TryGetValue(channelId, out var channel) && channel.Settings.Enabled && IsHere(channel) ? Desk(channel.Settings.WebhookUrl) : null;
        if (target == desk)
        {
            return;
        }

        var underWay = desk.Queue.IsUnderWay(channelId);
        if (underWay && target is not null)
        {
            desk.Paused = true;
            return;
        }

        if (!underWay)
        {
            _routes.Remove(channelId);
        }

        foreach (var (open, mayHaveArrived) in desk.Queue.Withdraw(delivery => delivery.Key.ChannelId == channelId))
        {
            Route(open, mayHaveArrived, rows);
        }
    }

    private void Finish(List<Delivery> rows, Delivery row, bool mayHaveArrived)
    {
        rows.Add(row);
        Finish(row, mayHaveArrived);
    }

    private bool IsHere(Channel channel) => scope.Shard is null || scope.Holds(RobotScope.NameOf(options.RobotSecret(), channel.Settings.WebhookUrl));

    private void Finish(Delivery row, bool mayHaveArrived)
    {
        Telemetry.Deliveries.Add(1, new KeyValuePair<string, object?>("status", row.Status.Name()));
        Remember(row, mayHaveArrived);
        Ended?.Invoke(row);
    }

    private void Remember(Delivery row, bool mayHaveArrived)
    {
        Forget(row.Key);
        if (scope.Shard is not null)
        {
            _ended[row.Key] = (row, _looks);
        }

        if (row.Key.Kind == DeliveryKind.Firing && row.Status != DeliveryStatus.Sent && !mayHaveArrived)
        {
            _unheard[row.Key] = row.Status;
        }
        else if (row.Key.Kind == DeliveryKind.Resolved)
        {
            _unheard.Remove(FiringOf(row.Key));
        }
    }
}
