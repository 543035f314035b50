using Monitor.Core.Targets;

namespace Monitor.Core.Health;

/// <summary>What of a target's settings decides.</summary>
public sealed record HealthRules(
    string Type, bool Enabled, int FailureThreshold, int RecoveryThreshold, bool NotifyDegraded, IReadOnlyList<long> ChannelIds)
{
    public static HealthRules Of(TargetSettings settings) => new(
        settings.Type, settings.Enabled, settings.FailureThreshold, settings.RecoveryThreshold, settings.NotifyDegraded, settings.ChannelIds);
}
