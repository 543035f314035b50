using Microsoft.Extensions.Logging;
using Monitor.Grains.Shards;

namespace Monitor.Grains.Runtime;

/// <summary>Looks for this monitor's own silence: targets that should have been probed and were not. Says once when it begins and once when it ends.</summary>
public sealed partial class SilenceWatch(ShardHost host, ILogger<SilenceWatch> log)
{
    /// <summary>Lines for single targets in one round; the rest is one line.</summary>
    private const int Named = 20;

    private HashSet<long> _silent = [];

    /// <summary>Ids of enabled targets that have not been probed conclusively for two intervals; ascending.</summary>
    public IReadOnlyList<long> Unprobed() => [.. host.Grains.Where(grain => grain.IsUnprobed).Select(grain => grain.Id).Order()];

    /// <summary>One round. From one thread.</summary>
    public void Look()
    {
        var now = Unprobed().ToHashSet();
        if (now.SetEquals(_silent))
        {
            return;
        }

        var begun = now.Except(_silent).ToArray();
        var ended = _silent.Except(now).ToArray();
        _silent = now;
        foreach (var id in begun.Take(Named))
        {
            LogSilent(id);
        }

        foreach (var id in ended.Take(Named))
        {
            LogHeard(id);
        }

        if (begun.Length > Named || ended.Length > Named)
        {
            LogSummary(begun.Length, ended.Length, now.Count);
        }
    }
}
