using System.Globalization;

namespace Monitor.CrashHost;

/// <summary>Where to die.</summary>
/// <param name="Step">A name of <see cref="Core.Diagnostics.SiloEvents"/>.</param>
/// <param name="Way">On whose way: of the firing, of the recovery, or either.</param>
/// <param name="Count">The how manieth time.</param>
/// <param name="Once">A file that the first of several processes makes as it dies: whoever finds it there goes on. Null: die in any case.</param>
internal sealed record CrashPlan(string Step, CrashWay Way, int Count, string? Once)
{
    /// <summary>Each <c>--crash-at</c> begins a plan. What follows the plans' own options is the silo's.</summary>
    public static IReadOnlyList<CrashPlan> Read(string[] args, out string[] rest)
    {
        var plans = new List<CrashPlan>();
        var at = 0;
        for (; at + 1 < args.Length; at += 2)
        {
            switch (args[at])
            {
                case "--crash-at":
                    plans.Add(new CrashPlan(args[at + 1], CrashWay.Any, 1, null));
                    break;
                case "--crash-when":
                    plans[^1] = plans[^1] with { Way = Enum.Parse<CrashWay>(args[at + 1], ignoreCase: true) };
                    break;
                case "--crash-count":
                    plans[^1] = plans[^1] with { Count = int.Parse(args[at + 1], CultureInfo.InvariantCulture) };
                    break;
                case "--crash-once":
                    plans[^1] = plans[^1] with { Once = args[at + 1] };
                    break;
                default:
                    rest = args[at..];
                    return plans;
            }
        }

        rest = args[at..];
        return plans;
    }

    /// <summary>True for one process only.</summary>
    public bool IsMine()
    {
        if (Once is null)
        {
            return true;
        }

        try
        {
            using var mark = new FileStream(Once, FileMode.CreateNew);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

internal enum CrashWay
{
    Any,
    Firing,
    Resolved,
}
