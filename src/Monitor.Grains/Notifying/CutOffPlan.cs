using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Notifying;

/// <summary>
/// When a silo that is cut off tells which robot so. Pure but for what it remembers of its own messages. Rules:
/// <list type="bullet">
/// <item>Not before it has been so for a while without standing still itself: a silo that was thawed, that a busy machine starves, or whose network blinked, is cut off for a round or two and then is not.
/// A look that comes late begins that while anew: it is this process that stood still, and what it takes for the others' silence proves nothing.</item>
/// <item>At most once a minute and robot, however often it comes back and is cut off again.</item>
/// <item>Again when what it sees down has changed; while nothing changes only now and then, so that a long cut is no storm.</item>
/// <item>Each robot within this silo's share of the 20 messages a minute, counting all that it has posted itself: nobody can be asked what the others post.</item>
/// </list>
/// </summary>
internal sealed class CutOffPlan
{
    /// <summary>Several rounds of peers, and a look at what is probed every few seconds.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    /// <summary>Nothing new to say: said again after this.</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromMinutes(10);

    /// <summary>What surely has not arrived is tried again after this.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(15);

    /// <summary>Looks come every half second.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(1.5);

    private readonly Dictionary<string, Telling> _told = new(StringComparer.Ordinal);
    private TimeSpan? _lookedAt;

    /// <summary>From when on this silo has been cut off; null while it is not.</summary>
    public TimeSpan? Since { get; private set; }

    /// <summary>
    /// Cut off as far as people are to hear of it: its deadline has passed, a round of its peers came to neither "the store is down" nor "somebody reaches it",
    /// and it is neither starting nor stopping.
    /// </summary>
    public static bool IsCutOff(LeaseState state, TimeSpan now) => state.Stop == StopStage.None && state.Standing(now) == LeaseStanding.Looking;

    /// <summary>The robots that are to be told now.</summary>
    /// <param name="silos">That were known to live when the store was last read, this one included.</param>
    public IReadOnlyList<RobotSight> Due(TimeSpan now, bool isCutOff, int silos, IEnumerable<RobotSight> robots)
    {
        if (!isCutOff || now - _lookedAt > Stall)
        {
            Since = null;
            return [];
        }

        Since ??= now;
        if (now - Since < Settle)
        {
            return [];
        }

        var share = Math.Max(1, SendBudget.Slots / Math.Max(1, silos));
        return [.. robots.Where(robot => robot.Sent < share && IsDue(robot, now))];
    }

    /// <summary>A look has ended, with all that it had to post: however long that took, it is no standing still.</summary>
    public void Looked(TimeSpan now) => _lookedAt = now;

    /// <summary>A message about this sight was posted.</summary>
    /// <param name="mayHaveArrived">False: it surely has not.</param>
    public void Told(RobotSight robot, bool mayHaveArrived, TimeSpan now) => _told[robot.Robot] = mayHaveArrived
        ? new Telling(now, now + SendBudget.Window, robot.Down)
        : _told.TryGetValue(robot.Robot, out var before) ? before with { NotBefore = now + Retry } : new Telling(null, now + Retry, robot.Down);

    private bool IsDue(RobotSight robot, TimeSpan now) =>
        !_told.TryGetValue(robot.Robot, out var told)
        || (now >= told.NotBefore && (told.At is not { } at || at < Since || now - at >= Reminder || !told.Down.SetEquals(robot.Down)));

    /// <param name="At">When a message last may have arrived; null: none has.</param>
    private sealed record Telling(TimeSpan? At, TimeSpan NotBefore, IReadOnlySet<long> Down);
}

/// <summary>One robot, and what it would be told.</summary>
/// <param name="Robot">Its URL.</param>
/// <param name="Down">Targets that tell this robot and are seen down.</param>
/// <param name="Sent">What this process has posted to it within the last minute.</param>
internal sealed record RobotSight(string Robot, IReadOnlySet<long> Down, int Sent);
