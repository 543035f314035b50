using System.Globalization;

namespace Monitor.CrashHost;

/// <summary>Where to die.</summary>
/// <param name="Step">A name of <see cref="Core.Diagnostics.SiloEvents"/>.</param>
/// <param name="Way">On whose way: of the firing, of the recovery, or either.</param>
/// <param name="Count">The how manieth time.</param>
internal sealed record CrashPlan(string Step, CrashWay Way, int Count)
{
    /// <summary>What follows the plan's own three options is the silo's.</summary>
    public static CrashPlan Read(string[] args, out string[] rest)
    {
        var plan = new CrashPlan("", CrashWay.Any, 1);
        var at = 0;
        for (; at + 1 < args.Length; at += 2)
        {
            switch (args[at])
            {
                case "--crash-at":
                    plan = plan with { Step = args[at + 1] };
                    break;
                case "--crash-when":
                    plan = plan with { Way = Enum.Parse<CrashWay>(args[at + 1], ignoreCase: true) };
                    break;
                case "--crash-count":
                    plan = plan with { Count = int.Parse(args[at + 1], CultureInfo.InvariantCulture) };
                    break;
                default:
                    rest = args[at..];
                    return plan;
            }
        }

        rest = args[at..];
        return plan;
    }
}

internal enum CrashWay
{
    Any,
    Firing,
    Resolved,
}
