using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Text;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Verdicts;

/// <summary>
/// "Why was I (not) told?": the steps from the last results to the verdict, in words. Pure: it retells what the health machine and the notifier
/// have decided, from what they left behind; it decides nothing.
/// </summary>
internal static class Verdict
{
    private const int ResultsShown = 5;

    /// <param name="results">Newest first.</param>
    /// <param name="alerts">Newest first.</param>
    public static IReadOnlyList<VerdictStep> Explain(
        Visitor visitor, BoardTarget now, TargetSettings settings, IReadOnlyList<CheckRecord> results, IReadOnlyList<AlertRow> alerts, IReadOnlyList<Channel> channels)
    {
        var steps = new List<VerdictStep>();
        if (!settings.Enabled)
        {
            steps.Add(new("warn", visitor.T(WhyWords.Disabled)));
        }

        steps.AddRange(Counted(visitor, settings, results, now.Failures));
        steps.AddRange(State(visitor, now, settings));
        var last = alerts.Count > 0 ? alerts[0] : null;
        steps.AddRange(last is null ? [new("info", visitor.T(WhyWords.NeverFired))] : Told(visitor, last, channels));
        steps.AddRange(Listeners(visitor, settings, channels));
        return steps;
    }

    /// <summary>What each of the last results counted for.</summary>
    /// <param name="inRow">Failures in a row by now: results that are not among these have counted, too.</param>
    internal static IEnumerable<VerdictStep> Counted(Visitor visitor, TargetSettings settings, IReadOnlyList<CheckRecord> results, int inRow)
    {
        var (failures, warnings) = (Earlier(results, inRow), 0);
        var told = new List<VerdictStep>();
        foreach (var result in results.Reverse())
        {
            var at = visitor.Short(result.CheckedAt);
            VerdictStep step;
            if (result.Outcome is ProbeOutcome.Late or ProbeOutcome.Skipped)
            {
                step = new("info", visitor.T(WhyWords.SaysNothing, at, visitor.T(StatusWords.Of(result)), result.Message));
            }
            else if (result.Trigger == ProbeTrigger.Manual && (result.Outcome == ProbeOutcome.Failed || result.Warnings.Count > 0))
            {
                step = new("info", visitor.T(WhyWords.ByHand, at, result.Message));
            }
            else if (result.Outcome == ProbeOutcome.Failed)
            {
                failures++;
                step = new("bad", visitor.T(failures >= settings.FailureThreshold ? WhyWords.FailureReached : WhyWords.Failure, at, failures, settings.FailureThreshold, result.Message));
            }
            else
            {
                failures = 0;
                warnings = result.Warnings.Count > 0 ? warnings + 1 : 0;
                step = result.Warnings.Count == 0
                    ? new("ok", visitor.T(WhyWords.Success, at))
                    : new("warn", visitor.T(WhyWords.Warned, at, warnings, settings.FailureThreshold, string.Join("; ", result.Warnings)));
            }

            told.Add(step);
        }

        return told.TakeLast(ResultsShown);
    }

    /// <summary>Failures of the present row that are older than the results at hand.</summary>
    private static int Earlier(IReadOnlyList<CheckRecord> results, int inRow)
    {
        var counted = results.Where(result => result is { Outcome: ProbeOutcome.Failed, Trigger: not ProbeTrigger.Manual } or { Outcome: ProbeOutcome.Ok, Trigger: not ProbeTrigger.Manual });
        return counted.Any(result => result.Success) ? 0 : Math.Max(0, inRow - counted.Count());
    }

    private static IEnumerable<VerdictStep> State(Visitor visitor, BoardTarget now, TargetSettings settings)
    {
        yield return new(
            now.Status switch { HealthStatus.Unhealthy => "bad", HealthStatus.Healthy => "ok", _ => "warn" },
            visitor.T(WhyWords.StatusIs, visitor.T(StatusWords.Of(now.Status)), visitor.Exact(now.Since)));
        if (now.State is not { } state || !settings.Enabled)
        {
            yield break;
        }

        if (state.Outage is null && now.Failures > 0 && now.Failures < settings.FailureThreshold)
        {
            yield return new("info", visitor.T(WhyWords.NotYet, now.Failures, settings.FailureThreshold));
        }

        if (state.Warning is null && state.ConsecutiveWarnings > 0)
        {
            yield return new("info", settings.NotifyDegraded
                ? visitor.T(WhyWords.WarningsNotYet, state.ConsecutiveWarnings, settings.FailureThreshold)
                : visitor.T(WhyWords.WarningsOff));
        }

        if (state.Outage is { } outage)
        {
            yield return new("bad", visitor.T(WhyWords.OutageOpen, outage.Number, state.Recoveries, settings.RecoveryThreshold));
        }

        if (state.Warning is { } warning)
        {
            yield return new("warn", visitor.T(WhyWords.WarningOpen, warning.Number, state.CleanRuns, settings.RecoveryThreshold));
        }
    }

    private static IEnumerable<VerdictStep> Told(Visitor visitor, AlertRow row, IReadOnlyList<Channel> channels)
    {
        var alert = row.Alert;
        yield return new(alert.IsOpen ? "bad" : "info", visitor.T(WhyWords.LastAlert, alert.Reference, visitor.T(StatusWords.Of(alert.Severity)), visitor.Exact(alert.FiredAt)), $"/alerts/{alert.Id.ToString(CultureInfo.InvariantCulture)}");
        if (row.Deliveries.Count == 0)
        {
            yield return new("warn", visitor.T(WhyWords.NobodyThen));
        }

        foreach (var delivery in row.Deliveries)
        {
            var kind = delivery.Status switch { DeliveryStatus.Sent => "ok", DeliveryStatus.Dead => "bad", _ => "warn" };
            yield return new(kind, DeliveryText(visitor, delivery, channels));
        }

        if (alert.ResolvedAt is { } over)
        {
            yield return new("ok", visitor.T(WhyWords.Over, visitor.Exact(over), visitor.T(StatusWords.Of(alert.ResolvedReason ?? ResolvedReason.Recovered))));
        }
    }

    private static IEnumerable<VerdictStep> Listeners(Visitor visitor, TargetSettings settings, IReadOnlyList<Channel> channels)
    {
        if (settings.ChannelIds.Count == 0)
        {
            yield return new("warn", visitor.T(WhyWords.NoChannels));
            yield break;
        }

        foreach (var id in settings.ChannelIds)
        {
            if (channels.FirstOrDefault(channel => channel.Id == id) is { Settings: { Enabled: false } off })
            {
                yield return new("warn", visitor.T(WhyWords.ChannelOff, off.Name));
            }
        }
    }

    internal static string DeliveryText(Visitor visitor, Delivery delivery, IReadOnlyList<Channel> channels)
    {
        var name = channels.FirstOrDefault(channel => channel.Id == delivery.Key.ChannelId)?.Settings.Name ?? "#" + delivery.Key.ChannelId.ToString(CultureInfo.InvariantCulture);
        var what = visitor.T(delivery.Key.Kind == DeliveryKind.Firing ? WhyWords.Firing : WhyWords.Recovery);
        var text = visitor.T(WhyWords.Delivery, what, name, visitor.T(StatusWords.Of(delivery.Status)));
        if (delivery.SentAt is { } sent)
        {
            text += " " + visitor.Exact(sent);
        }

        var why = delivery.Status == DeliveryStatus.Sent ? null : delivery.Reason ?? delivery.LastError;
        return why is null ? text : text + " (" + why + ")";
    }
}

/// <param name="Kind">info, ok, warn or bad.</param>
/// <param name="Link">Where more is told.</param>
public sealed record VerdictStep(string Kind, string Text, string? Link = null);
