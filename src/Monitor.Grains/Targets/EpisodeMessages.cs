using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Probing;

namespace Monitor.Grains.Targets;

/// <summary>Keeps what the last bad check said with the episode that it belongs to. Pure; changes no decision.</summary>
public static class EpisodeMessages
{
    public static HealthStep Into(HealthStep step, CheckRecord record)
    {
        if (record.Trigger == ProbeTrigger.Manual)
        {
            return step;
        }

        if (record.Outcome == ProbeOutcome.Failed)
        {
            return step.State.Outage is { } outage && outage.Message != record.Message ? Told(step, AlertSeverity.Critical, record.Message) : step;
        }

        if (record.Outcome != ProbeOutcome.Ok || record.Warnings.Count == 0 || step.State.Warning is not { } warning)
        {
            return step;
        }

        var message = string.Join("; ", record.Warnings);
        return warning.Message == message ? step : Told(step, AlertSeverity.Warning, message);
    }

    private static HealthStep Told(HealthStep step, AlertSeverity severity, string message)
    {
        var state = severity == AlertSeverity.Critical
            ? step.State with { Outage = step.State.Outage! with { Message = message } }
            : step.State with { Warning = step.State.Warning! with { Message = message } };
        return step with
        {
            State = state,
            Effects = step.Effects.Count == 0 ? step.Effects : [.. step.Effects.Select(effect => Told(effect, severity, message))],
        };
    }

    private static HealthEffect Told(HealthEffect effect, AlertSeverity severity, string message) =>
        effect is HealthEffect.Fired fired && fired.Severity == severity ? fired with { Episode = fired.Episode with { Message = message } } : effect;
}
