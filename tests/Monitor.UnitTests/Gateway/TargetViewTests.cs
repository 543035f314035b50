using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;
using Xunit;

namespace Monitor.UnitTests.Gateway;

public sealed class TargetViewTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_target_without_state_waits_for_its_first_probe()
    {
        var view = TargetView.Of(new TargetRow(Target(), null, null), null, Language.Chinese);

        Assert.Equal((HealthStatus.Unknown, Start, "等待首次探测"), (view.Status, view.StatusSince, view.Message));
    }

    [Fact]
    public void A_failure_below_the_threshold_is_told_while_the_status_is_unknown()
    {
        var state = HealthState.New("tcp", Start) with { ConsecutiveFailures = 1 };
        var view = TargetView.Of(new TargetRow(Target(), state, Result(Start.AddSeconds(3))), null, Language.English);

        Assert.Equal((HealthStatus.Unknown, 1, "said"), (view.Status, view.ConsecutiveFailures, view.Message));
    }

    [Fact]
    public void After_enabling_again_an_old_result_does_not_speak_for_now()
    {
        var state = HealthState.New("tcp", Start.AddHours(1));
        var view = TargetView.Of(new TargetRow(Target(), state, Result(Start)), null, Language.English);

        Assert.Equal((HealthStatus.Unknown, "waiting for the first probe"), (view.Status, view.Message));
    }

    [Fact]
    public void What_this_monitor_could_not_do_is_told_although_it_started_before_the_status()
    {
        var state = HealthState.New("tcp", Start.AddSeconds(1));
        var result = Result(Start) with { Outcome = ProbeOutcome.Skipped, Message = "no right to send ICMP" };

        Assert.Equal("no right to send ICMP", TargetView.Of(new TargetRow(Target(), state, result), null, Language.English).Message);
    }

    [Fact]
    public void Disabled_is_by_the_settings_whatever_the_state_still_says()
    {
        var state = HealthState.New("tcp", Start) with { Status = HealthStatus.Unhealthy, ConsecutiveFailures = 5 };
        var off = TargetView.Of(new TargetRow(Target(enabled: false), state, Result(Start)), null, Language.Chinese);
        var on = TargetView.Of(new TargetRow(Target(), state with { Status = HealthStatus.Disabled }, null), null, Language.Chinese);

        Assert.Equal((HealthStatus.Disabled, "监控已禁用", 0), (off.Status, off.Message, off.ConsecutiveFailures));
        Assert.Equal(HealthStatus.Unknown, on.Status);
    }

    [Fact]
    public void The_newer_of_stored_and_live_result_is_shown()
    {
        var state = HealthState.New("tcp", Start) with { Status = HealthStatus.Healthy };
        var (older, newer) = (Result(Start.AddSeconds(1)), Result(Start.AddSeconds(2)));

        Assert.Same(newer, TargetView.Of(new TargetRow(Target(), state, older), new LiveTarget(state, newer, false), Language.English).Last);
        Assert.Same(newer, TargetView.Of(new TargetRow(Target(), state, newer), new LiveTarget(state, older, false), Language.English).Last);
        Assert.Same(older, TargetView.Of(new TargetRow(Target(), null, null), new LiveTarget(state, older, false), Language.English).Last);
    }

    [Fact]
    public void A_target_that_is_not_probed_says_so()
    {
        var state = HealthState.New("tcp", Start) with { Status = HealthStatus.Healthy };
        var view = TargetView.Of(new TargetRow(Target(), state, Result(Start) with { Notes = ["a"] }), new LiveTarget(state, null, Unprobed: true), Language.English);

        Assert.Equal(["a", "not probed for two intervals: this monitor is behind"], view.Notes);
    }

    private static Target Target(bool enabled = true) => new()
    {
        Id = 1,
        Shard = 0,
        Revision = 1,
        Settings = new TargetSettings { Name = "n", Type = "tcp", Config = "{}", MaskedConfig = "{}", Endpoint = "a:1", Enabled = enabled },
        CreatedAt = Start,
        UpdatedAt = Start,
        CreatedBy = "admin",
        UpdatedBy = "admin",
    };

    private static CheckRecord Result(DateTimeOffset at) => new()
    {
        TargetId = 1,
        CheckedAt = at,
        Outcome = ProbeOutcome.Failed,
        Latency = TimeSpan.Zero,
        Message = "said",
        Trigger = ProbeTrigger.Schedule,
        Silo = "s",
        Zone = "z",
    };
}
