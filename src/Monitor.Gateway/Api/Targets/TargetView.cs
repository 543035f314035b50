using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>A target as it is shown: what is stored, overlaid with what its owner knows just now.</summary>
internal sealed record TargetView(Target Target, HealthStatus Status, DateTimeOffset StatusSince, int ConsecutiveFailures, CheckRecord? Last, string Message)
{
    private static readonly LocalizedText NotProbed = new(
        "not probed for two intervals: this monitor is behind", "已超过两个周期未探测：监控自身落后");

    public IReadOnlyList<string> Notes { get; private init; } = [];

    public static TargetView Of(TargetRow row, LiveTarget? live, Language language)
    {
        var target = row.Target;
        var settings = target.Settings;
        var state = live?.State ?? row.State;
        if (state?.Type != settings.Type)
        {
            // Its counters and results are about something else.
            state = null;
        }

        var last = state is null ? null : Newer(row.LastResult, live?.LastResult);
        var status = StatusOf(settings, state);
        var since = state is not null && state.Status == status ? state.StatusSince : target.UpdatedAt;
        var stale = status == HealthStatus.Unknown && last is { Outcome: not ProbeOutcome.Skipped } && last.CheckedAt < since;
        var message = status == HealthStatus.Disabled
            ? ProbeTexts.Disabled.In(language)
            : last is null || stale ? ProbeTexts.Waiting.In(language) : last.Message;
        IReadOnlyList<string> notes = last?.Notes ?? [];
        return new TargetView(target, status, since, status == HealthStatus.Disabled ? 0 : state?.ConsecutiveFailures ?? 0, last, message)
        {
            Notes = live is { Unprobed: true } && settings.Enabled ? [.. notes, NotProbed.In(language)] : notes,
        };
    }

    private static HealthStatus StatusOf(TargetSettings settings, HealthState? state)
    {
        if (!settings.Enabled)
        {
            return HealthStatus.Disabled;
        }

        // Enabled again, and its owner has not taken that up yet.
        return state is null or { Status: HealthStatus.Disabled } ? HealthStatus.Unknown : state.Status;
    }

    private static CheckRecord? Newer(CheckRecord? stored, CheckRecord? live) =>
        live is null || stored is not null && stored.CheckedAt > live.CheckedAt ? stored : live;
}
