using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>
/// Robots, a store and a clock around the router and its desks, all in one thread and in virtual time. A POST starts after its claim is stored, arrives somewhere
/// in its middle and ends after its latency. A crash throws away everything but the store.
/// </summary>
internal sealed class RobotSimulation
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly NotifierOptions _options = new(new MessageOptions(Language.English, TimeZoneInfo.Utc, null), [.. Enumerable.Range(0, 32).Select(at => (byte)at)]);
    private readonly HashSet<RobotDesk> _busy = [];
    private readonly HashSet<TimeSpan> _looks = [];
    private readonly Random _random;
    private TimeSpan _origin;
    private long _order;
    private int _life;

    public RobotSimulation(int seed = 1)
    {
        _random = new Random(seed);
        Router = new DeliveryRouter(_options, RobotScope.All);
    }

    public static DateTimeOffset Epoch { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DeliveryRouter Router { get; private set; }

    public TimeSpan Now { get; private set; }

    public TimeSpan WallJump { get; set; }

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(20);

    public Dictionary<long, Channel> Channels { get; } = [];

    public Dictionary<DeliveryKey, OpenDelivery> Rows { get; } = [];

    public Dictionary<string, SendSlot> Slots { get; } = [];

    public List<SimulatedPost> Posts { get; } = [];

    /// <summary>What was under way at a crash: for all that the next life knows, it has arrived.</summary>
    public List<SimulatedPost> Lost { get; } = [];

    /// <summary>What robots answer; by default ok.</summary>
    public Func<SimulatedPost, PostVerdict> Answer { get; set; } = static _ => Ok;

    public static PostVerdict Ok { get; } = new(PostOutcome.Ok, "0 ok", 200, 0, "ok");

    public Moment Moment => new(Now - _origin, Epoch + Now + WallJump);

    public static Channel NewChannel(long id, string key, bool all = false, params string[] mobiles) => new()
    {
        Id = id,
        Revision = 1,
        CreatedAt = Epoch,
        UpdatedAt = Epoch,
        CreatedBy = "test",
        UpdatedBy = "test",
        Settings = new ChannelSettings
        {
            Name = "channel " + id.ToString(CultureInfo.InvariantCulture),
            WebhookUrl = "http://robot/send?key=" + key,
            MaskedUrl = "http://robot/send?key=******",
            MentionAll = all,
            MentionedMobiles = mobiles,
        },
    };

    public static AlertRecord NewAlert(long target, int episode = 1, AlertSeverity severity = AlertSeverity.Critical) => new()
    {
        TargetId = target,
        Episode = episode,
        TargetName = string.Create(CultureInfo.InvariantCulture, $"target-{target:0000}"),
        TargetType = "http",
        Endpoint = "http://10.0.0.1/health",
        Severity = severity,
        Message = "connect: connection refused",
        StartedAt = Epoch,
        FiredAt = Epoch,
        FailureCount = 3,
    };

    public static AlertRecord Over(AlertRecord alert, ResolvedReason reason = ResolvedReason.Recovered) =>
        alert with { ResolvedAt = Epoch + TimeSpan.FromMinutes(5), ResolvedReason = reason };

    public RobotSimulation With(params Channel[] channels)
    {
        foreach (var channel in channels)
        {
            Channels[channel.Id] = channel;
            Store(Router.ChannelChanged(channel), []);
        }

        return this;
    }

    public void Change(Channel channel)
    {
        Channels[channel.Id] = channel with { Revision = channel.Revision + 1 };
        Store(Router.ChannelChanged(Channels[channel.Id]), []);
        Look();
    }

    public void Delete(long channel)
    {
        Channels.Remove(channel);
        Store(Router.ChannelDeleted(channel), []);
        Look();
    }

    /// <summary>Commits deliveries for these channels and hands them over.</summary>
    public void Decide(AlertRecord alert, DeliveryKind kind, params long[] channels)
    {
        var open = channels.Select(channel => new OpenDelivery(
            new Delivery { Key = new DeliveryKey(alert.TargetId, alert.Episode, kind, channel), CreatedAt = Moment.Wall }, alert)).ToList();
        foreach (var one in open)
        {
            Rows.TryAdd(one.Delivery.Key, one);
        }

        Store(Router.Add(open), []);
        Look();
    }

    public void Fire(AlertRecord alert, params long[] channels) => Decide(alert, DeliveryKind.Firing, channels);

    public void Resolve(AlertRecord alert, params long[] channels) => Decide(alert.IsOpen ? Over(alert) : alert, DeliveryKind.Resolved, channels);

    public void At(TimeSpan at, Action action) => _events.Enqueue(action, (at, _order++));

    public void Run(TimeSpan until)
    {
        while (_events.TryPeek(out var action, out var next) && next.At <= until)
        {
            _events.Dequeue();
            Now = next.At > Now ? next.At : Now;
            action();
            Look();
        }

        Now = until;
    }

    /// <summary>kill -9: only the store is left; the clock that never jumps starts anew.</summary>
    public void Crash(bool withUnheard = true)
    {
        _life++;
        _busy.Clear();
        _origin = Now;
        Router = new DeliveryRouter(_options, RobotScope.All);
        var open = Rows.Values.Where(row => row.Delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending
            || (withUnheard && row.Delivery.Key.Kind == DeliveryKind.Firing && row.Delivery.Status is DeliveryStatus.Dead or DeliveryStatus.Suppressed));
        Store(Router.Load(Channels.Values, Slots.Values, [.. open], Moment), []);
        Look();
    }

    public Delivery Row(AlertRecord alert, DeliveryKind kind, long channel = 1) => Rows[new DeliveryKey(alert.TargetId, alert.Episode, kind, channel)].Delivery;

    /// <summary>The most that any robot saw within 60 s.</summary>
    public int MostWithinAMinute() => Posts.GroupBy(post => post.Robot).Select(posts =>
    {
        var times = posts.Select(post => post.Arrived).Order().ToArray();
        return times.Select((first, at) => times.Skip(at).TakeWhile(time => time - first < TimeSpan.FromSeconds(60)).Count()).Max();
    }).DefaultIfEmpty(0).Max();

    private void Look()
    {
        if (Router.HasOrphans)
        {
            Store(Router.Adopt(Channels.Values), []);
        }

        foreach (var desk in Router.Desks.ToList())
        {
            if (_busy.Contains(desk))
            {
                continue;
            }

            var step = desk.Next(Moment);
            if (step.Send is { } dispatch)
            {
                _busy.Add(desk);
                var claim = desk.Claim(dispatch, Moment);
                Store(claim.Deliveries, claim.Sends);
                Post(desk, dispatch, dispatch.MessageId, dispatch.Content, null, verdict => Came(desk, dispatch, verdict));
            }
            else if (step.Until is { } until)
            {
                var at = until + _origin;
                Assert(at > Now, "a wait that is over is no wait");
                if (_looks.Add(at))
                {
                    At(at, () => _looks.Remove(at));
                }
            }
        }
    }

    private void Came(RobotDesk desk, Dispatch dispatch, PostVerdict verdict)
    {
        var slots = new List<SendSlot> { desk.Ended(dispatch.MessageId, verdict, Moment) };
        if (dispatch.Mention is { } mention && verdict.Outcome == PostOutcome.Ok)
        {
            Store([], slots);
            Post(desk, dispatch, mention.MessageId, mention.Content, mention, called =>
            {
                slots.Add(desk.Ended(mention.MessageId, called, Moment));
                Settle(desk, dispatch, verdict, called.Outcome == PostOutcome.Ok ? null : called.Said, slots);
            });
            return;
        }

        if (dispatch.Mention is { } unused)
        {
            slots.Add(desk.Budget.Release(unused.MessageId, Moment));
        }

        Settle(desk, dispatch, verdict, null, slots);
    }

    private void Settle(RobotDesk desk, Dispatch dispatch, PostVerdict verdict, string? mention, List<SendSlot> slots)
    {
        _busy.Remove(desk);
        Store(Router.Settle(desk, dispatch, verdict, mention, Moment), slots);
    }

    private void Post(RobotDesk desk, Dispatch dispatch, string id, string content, Mention? mention, Action<PostVerdict> ended)
    {
        var life = _life;
        var post = new SimulatedPost(desk.Key, id, content, mention, dispatch, Now, Now + Latency * _random.NextDouble());
        At(post.Arrived, () =>
        {
            (life == _life ? Posts : Lost).Add(post);
        });
        At(Now + Latency, () =>
        {
            if (life == _life)
            {
                ended(Answer(post));
            }
        });
    }

    private void Store(IEnumerable<Delivery> rows, IEnumerable<SendSlot> slots)
    {
        foreach (var row in rows)
        {
            var old = Rows[row.Key];
            if (old.Delivery.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending))
            {
                Xunit.Assert.Fail($"{row.Key} goes back from {old.Delivery.Status}");
            }

            Rows[row.Key] = old with { Delivery = row };
        }

        foreach (var slot in slots)
        {
            Slots[slot.MessageId] = slot;
        }
    }

    private static void Assert(bool condition, string message) => Xunit.Assert.True(condition, message);
}

internal sealed record SimulatedPost(string Robot, string Id, string Content, Mention? Mention, Dispatch Dispatch, TimeSpan Started, TimeSpan Arrived)
{
    public string[] Lines { get; } = Content.Split('\n');

    public bool Tells(AlertRecord alert, DeliveryKind kind) => Dispatch.Notices.Any(notice => notice.Kind == kind && notice.Alert.Reference == alert.Reference);
}
