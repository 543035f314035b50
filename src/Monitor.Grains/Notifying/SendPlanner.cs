namespace Monitor.Grains.Notifying;

/// <summary>
/// What to send next. Few notices and a full budget: a message each, at once. A storm: digests, and never the whole budget on small ones,
/// so that whoever falls a second later is not told a minute later. A digest that is full goes at once: it is the best use of a slot.
/// </summary>
internal static class SendPlanner
{
    /// <summary>As many notices as still get a message of their own.</summary>
    public const int FewNotices = 3;

    /// <summary>Slots that messages of a single notice leave alone while more wait.</summary>
    public const int Reserve = 8;

    /// <summary>As many notices as surely fill a digest in its shortest form.</summary>
    public const int FullDigest = 60;

    public static Plan Decide(in PlanView view)
    {
        if (view.Pending == 0)
        {
            return Plan.Idle;
        }

        if (view.HoldUntil > view.Now)
        {
            return Plan.WaitUntil(view.HoldUntil);
        }

        if (view.Pending <= FewNotices && view.OfAll(view.Free - view.SlotsForFirst) >= Reserve)
        {
            return Plan.Single;
        }

        var single = view.Pending == 1;
        var needed = single ? view.SlotsForFirst : view.SlotsForDigest;
        if (view.Free < needed)
        {
            return Plan.WaitForSlots(needed);
        }

        var ready = view.LastEnded + Gap(view.OfAll(view.Free)) ?? view.Now;
        if (view.Pending < FullDigest && ready > view.Now)
        {
            return Plan.WaitUntil(ready);
        }

        return single ? Plan.Single : Plan.Digest;
    }

    /// <summary>The scarcer the slots, the longer notices are gathered.</summary>
    private static TimeSpan Gap(int free) => free switch
    {
        > 10 => TimeSpan.Zero,
        > 5 => TimeSpan.FromSeconds(2),
        > 2 => TimeSpan.FromSeconds(5),
        _ => TimeSpan.FromSeconds(10),
    };
}

/// <param name="Pending">Notices that wait; a firing and its recovery that are told together count once.</param>
/// <param name="SlotsForFirst">1, or 2 when a mention follows.</param>
/// <param name="LastEnded">When the last POST ended; null before the first.</param>
internal readonly record struct PlanView(
    int Pending, int SlotsForFirst, int SlotsForDigest, int Free, TimeSpan Now, TimeSpan HoldUntil, TimeSpan? LastEnded)
{
    /// <summary>All that may be used: fewer than a robot has while others may be using them too.</summary>
    public int Most { get; init; } = SendBudget.Slots;

    /// <summary>As many of all the robot's slots as these are of those that may be used.</summary>
    public int OfAll(int slots) => slots * SendBudget.Slots / Most;
}

internal enum PlanKind
{
    Idle,
    Wait,
    WaitForSlots,
    Single,
    Digest,
}

internal readonly record struct Plan(PlanKind Kind, TimeSpan Until = default, int Slots = 0)
{
    public static readonly Plan Idle = new(PlanKind.Idle);
    public static readonly Plan Single = new(PlanKind.Single);
    public static readonly Plan Digest = new(PlanKind.Digest);

    public static Plan WaitUntil(TimeSpan until) => new(PlanKind.Wait, until);

    public static Plan WaitForSlots(int slots) => new(PlanKind.WaitForSlots, Slots: slots);
}
