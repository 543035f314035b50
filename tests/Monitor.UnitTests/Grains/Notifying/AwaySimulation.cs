using Monitor.Core.Alerts;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>
/// Several silos without a store and one robot, in one thread and in virtual time: the first silo is the robot's owner, the others bring it what they decide and stand in for it. Silos freeze
/// (their calls wait, and are taken up late), calls get lost, the owner is killed and started anew.
/// </summary>
internal sealed class AwaySimulation
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(1.5);
    private readonly PriorityQueue<(AwaySilo? Silo, Action Do), (TimeSpan At, long Order)> _events = new();
    private readonly Random _random;
    private long _order;

    public AwaySimulation(int seed, int silos = 3)
    {
        _random = new Random(seed);
        Silos = [.. Enumerable.Range(0, silos).Select(number => new AwaySilo(this, number))];
    }

    public static NotifierOptions Options { get; } = new(new MessageOptions(Language.English, TimeZoneInfo.Utc, null), [.. Enumerable.Range(0, 32).Select(at => (byte)at)]);

    public AwaySilo[] Silos { get; }

    public AwaySilo Owner => Silos[0];

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public List<AwayPost> Posts { get; } = [];

    public TimeSpan PostTakes { get; set; } = TimeSpan.FromMilliseconds(60);

    public TimeSpan CallTakes { get; set; } = TimeSpan.FromMilliseconds(5);

    public Func<PostVerdict> Answer { get; set; } = static () => RobotSimulation.Ok;

    /// <summary>Pairs that do not reach each other.</summary>
    public HashSet<(int, int)> Cuts { get; } = [];

    public bool Reach(AwaySilo one, AwaySilo other) =>
        !Cuts.Contains((one.Number, other.Number)) && !Cuts.Contains((other.Number, one.Number)) && one.IsWell && other.IsWell;

    public void After(TimeSpan delay, AwaySilo? silo, Action action) => _events.Enqueue((silo, action), (Now + delay, _order++));

    public void Run(TimeSpan length)
    {
        for (var until = Now + length; Now < until; Now += Tick)
        {
            while (_events.TryPeek(out var next, out var when) && when.At <= Now)
            {
                _events.Dequeue();
                if (next.Silo is { IsWell: false } silo)
                {
                    silo.Late.Add(next.Do);
                }
                else
                {
                    next.Do();
                }
            }

            foreach (var silo in Silos)
            {
                silo.Turn();
            }
        }
    }

    public TimeSpan Around(TimeSpan length) => length * (0.2 + (_random.NextDouble() * 1.6));

    public void Bring(AwaySilo from, BringCall call, Action<BringAnswer?, TimeSpan> answered)
    {
        var open = true;
        After(CallPatience, from, () => Close(null, Now));
        if (!Reach(from, Owner) && Owner.IsWell)
        {
            return;
        }

        // To one that is frozen it gets through, and is taken up when that goes on, with nobody waiting for the answer.
        var life = Owner.Life;
        After(Around(CallTakes), Owner, () =>
        {
            if (life == Owner.Life)
            {
                var (answer, given) = (Owner.Take(from, call), Now);
                if (Reach(from, Owner))
                {
                    After(Around(CallTakes), from, () => Close(answer, given));
                }
            }
        });

        void Close(BringAnswer? answer, TimeSpan given)
        {
            if (open)
            {
                open = false;
                answered(answer, given);
            }
        }
    }
}

internal sealed record AwayPost(AwaySilo Silo, IReadOnlyList<DeliveryKey> Tells, TimeSpan Begun, TimeSpan Arrived, TimeSpan StoodInSince)
{
    /// <summary>When its silo knew: one that is frozen takes the robot's answer up when it goes on.</summary>
    public TimeSpan Ended { get; set; }

    public bool IsJoined(DeliveryKey firing) => Tells.Contains(firing) && Tells.Contains(firing with { Kind = DeliveryKind.Resolved });
}

internal sealed class AwaySilo
{
    private const int Shard = 7;
    private readonly AwaySimulation _world;
    private readonly Dictionary<AwaySilo, Commission> _commissions = [];
    private readonly HashSet<RobotDesk> _busy = [];
    private readonly Dictionary<AwaySilo, TimeSpan> _heard = [];
    private TimeSpan _roundAt;
    private TimeSpan _callAt;

    /// <summary>When the owner gave the last answer that came through.</summary>
    private TimeSpan _answeredAt;
    private TimeSpan _stoodInSince;
    private bool _calling;
    private bool _stoodIn;

    public AwaySilo(AwaySimulation world, int number)
    {
        (_world, Number) = (world, number);
        Begin();
    }

    public int Number { get; }

    public bool IsFrozen { get; private set; }

    public bool IsKilled { get; private set; }

    public bool IsWell => !IsFrozen && !IsKilled;

    public int Life { get; private set; }

    public List<Action> Late { get; } = [];

    public Outbox Outbox { get; private set; } = null!;

    public DeliveryRouter Router { get; private set; } = null!;

    public List<TimeSpan> Sends { get; } = [];

    public int Most => _world.Silos.Any(other => other != this && _world.Now - Heard(other) >= Outbox.Patience) ? Math.Max(1, SendBudget.Slots / _world.Silos.Length) : SendBudget.Slots;

    private bool IsOwner => _world.Silos is null || _world.Owner == this;

    private bool MayStandIn => 2 * (1 + _world.Silos.Count(other => other != this && _world.Now - Heard(other) < TimeSpan.FromSeconds(1))) > _world.Silos.Length;

    private Moment Moment => new(_world.Now, RobotSimulation.Epoch + _world.Now);

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        foreach (var late in Late)
        {
            late();
        }

        Late.Clear();
    }

    /// <summary>What it knew is gone; what it brings nobody brings for it.</summary>
    public void Kill()
    {
        (IsKilled, IsFrozen) = (true, false);
        Late.Clear();
    }

    public void Revive()
    {
        IsKilled = false;
        Life++;
        Begin();
    }

    public void Decide(IReadOnlyList<OpenDelivery> deliveries)
    {
        if (IsOwner)
        {
            Router.Add(deliveries);
        }
        else
        {
            Outbox.Add(deliveries, _world.Now);
        }
    }

    public BringAnswer Take(AwaySilo from, BringCall call)
    {
        if (!_commissions.TryGetValue(from, out var right))
        {
            _commissions.Add(from, right = new Commission(() => _world.Now, () => from.IsKilled));
        }

        right.Take(call);
        Router.Borrow(call.Deliveries, right);
        var ended = new List<Delivery>();
        var missing = new List<DeliveryKey>();
        foreach (var key in call.Known!.Concat(call.Deliveries.Select(open => open.Delivery.Key)))
        {
            if (!Router.TryFind(key, out var row))
            {
                missing.Add(key);
            }
            else if (row is not null)
            {
                ended.Add(row);
            }
        }

        return new BringAnswer(true, ended, missing);
    }

    public void Turn()
    {
        if (!IsWell)
        {
            return;
        }

        Listen();
        if (!IsOwner)
        {
            Errands();
        }

        if (!IsOwner && !MaySend())
        {
            return;
        }

        foreach (var desk in Router.Desks.ToArray())
        {
            if (!_busy.Contains(desk) && desk.Next(Moment).Send is { } dispatch)
            {
                _busy.Add(desk);
                desk.Claim(dispatch, Moment);
                var life = Life;
                _world.After(_world.Around(TimeSpan.FromMilliseconds(15)), this, () => Post(desk, dispatch, life));
            }
        }
    }

    private void Begin()
    {
        _commissions.Clear();
        _busy.Clear();
        var scope = Number == 0 ? new RobotScope(new Fence(Shard, 1, 1, 1), () => true) { Most = () => Most } : new RobotScope(null, MaySend) { Shard = Shard, Most = () => Most };
        var channel = RobotSimulation.NewChannel(1, "a");
        var shard = RobotScope.ShardOf(RobotScope.NameOf(AwaySimulation.Options.RobotSecret(), channel.Settings.WebhookUrl));
        Router = new DeliveryRouter(AwaySimulation.Options, scope with { Shard = shard });
        Router.Load([channel], [], [], Moment);
        Outbox = new Outbox(Shard, $"{Number}-{Life}");
        Router.Ended = row => Outbox.Ended(row);
    }

    private bool MaySend() => IsOwner || (Outbox.StandsIn && MayStandIn);

    private TimeSpan Heard(AwaySilo other) => _heard.GetValueOrDefault(other, TimeSpan.FromSeconds(100));

    /// <summary>The rounds of the lease protocol.</summary>
    private void Listen()
    {
        if (_world.Now < _roundAt)
        {
            return;
        }

        _roundAt = _world.Now + TimeSpan.FromSeconds(0.25);
        foreach (var other in _world.Silos.Where(other => other != this && _world.Reach(this, other)))
        {
            _heard[other] = _world.Now;
        }
    }

    private void Errands()
    {
        Outbox.Turn(_world.Now, Heard(_world.Owner), MayStandIn);
        if (Outbox.StandsIn && !_stoodIn)
        {
            _stoodInSince = _answeredAt;
        }

        _stoodIn = Outbox.StandsIn;
        var here = Outbox.TakeForHere(_ => true);
        foreach (var ended in here.Where(open => open.Delivery.Status != DeliveryStatus.Pending))
        {
            Router.Learn(ended.Delivery);
        }

        Router.Add(here);
        if (!_calling && _world.Now >= _callAt && Outbox.HasNews)
        {
            _calling = true;
            var call = Outbox.Call(Number, Router.IsBusy);
            _world.Bring(this, call, (answer, given) =>
            {
                _calling = false;
                _callAt = _world.Now + Outbox.Interval;
                if (answer is not null)
                {
                    _answeredAt = given;
                    var ended = Outbox.Answered(call, answer, _world.Now, out var again);
                    foreach (var row in ended)
                    {
                        Router.Learn(row);
                    }

                    _callAt = again ? _world.Now : _callAt;
                }
            });
        }
    }

    private void Post(RobotDesk desk, Dispatch dispatch, int life)
    {
        if (life != Life || IsKilled)
        {
            return;
        }

        if (!MaySend() || !desk.MayPost(dispatch, Moment))
        {
            _busy.Remove(desk);
            Router.Abandon(desk, dispatch, Moment, TimeSpan.FromMilliseconds(500));
            return;
        }

        var own = Sends.Count(sent => _world.Now - sent < TimeSpan.FromSeconds(60)) + 1;
        Xunit.Assert.True(own <= Most, $"silo {Number} sends {own} a minute, and may send {Most}");
        var takes = _world.Around(_world.PostTakes);
        var (begun, arrived) = (_world.Now, _world.Now + (takes / 2));
        Sends.Add(begun);
        var verdict = _world.Answer();
        var post = new AwayPost(this, [.. dispatch.Deliveries.Select(delivery => delivery.Key)], begun, arrived, _stoodInSince) { Ended = begun + takes };
        if (verdict.Outcome == PostOutcome.Ok)
        {
            _world.Posts.Add(post);
        }

        _world.After(takes, this, () =>
        {
            if (life == Life && !IsKilled)
            {
                _busy.Remove(desk);
                post.Ended = _world.Now;
                desk.Ended(dispatch.MessageId, verdict, Moment);
                Router.Settle(desk, dispatch, verdict, null, Moment);
            }
        });
    }
}
