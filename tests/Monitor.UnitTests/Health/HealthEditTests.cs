using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Xunit;

namespace Monitor.UnitTests.Health;

/// <summary>Edits in the middle of an outage.</summary>
public sealed class HealthEditTests
{
    private static readonly DateTimeOffset Now = HistoryNotation.At(50);

    [Fact]
    public void A_lowered_threshold_acts_at_the_next_failure()
    {
        var state = After("FF", HistoryNotation.Rules(failures: 5));
        var rules = HistoryNotation.Rules(failures: 2);

        Assert.Equal(StateChange.None, HealthMachine.Reconcile(state, rules, Now).Change);
        var step = HealthMachine.Step(state, rules, HistoryNotation.Fact('F', Now), Now);

        var fired = Assert.IsType<HealthEffect.Fired>(Assert.Single(step.Effects));
        Assert.Equal(3, fired.Episode.FailureCount);
        Assert.Equal(HistoryNotation.At(0), fired.Episode.StartedAt);
    }

    [Fact]
    public void A_raised_threshold_does_not_take_back_what_has_been_told()
    {
        var state = After("FFF", HistoryNotation.Rules());
        var rules = HistoryNotation.Rules(failures: 10);

        var step = HealthMachine.Reconcile(state, rules, Now);
        Assert.Equal(StateChange.None, step.Change);
        var next = HealthMachine.Step(step.State, rules, HistoryNotation.Fact('F', Now), Now);

        Assert.Empty(next.Effects);
        Assert.Equal(1, next.State.Outage?.Number);
    }

    [Fact]
    public void A_channel_that_comes_to_an_open_outage_gets_the_firing_once_and_the_recovery()
    {
        var state = After("FFF", HistoryNotation.Rules());
        var rules = HistoryNotation.Rules() with { ChannelIds = [1, 2] };

        var step = HealthMachine.Reconcile(state, rules, Now);
        Assert.Equal([2], Assert.IsType<HealthEffect.Joined>(Assert.Single(step.Effects)).ChannelIds);
        Assert.Equal(StateChange.None, HealthMachine.Reconcile(step.State, rules, Now).Change);

        var over = HealthMachine.Step(step.State, rules, HistoryNotation.Fact('S', Now), Now);
        Assert.Equal([1, 2], Assert.IsType<HealthEffect.Resolved>(Assert.Single(over.Effects)).Episode.ChannelIds);
    }

    [Fact]
    public void A_channel_that_is_taken_away_still_hears_the_end_of_what_it_heard_begin()
    {
        var state = After("FFF", HistoryNotation.Rules());
        var rules = HistoryNotation.Rules() with { ChannelIds = [] };

        Assert.Equal(StateChange.None, HealthMachine.Reconcile(state, rules, Now).Change);
        var over = HealthMachine.Step(state, rules, HistoryNotation.Fact('S', Now), Now);

        Assert.Equal([1], Assert.IsType<HealthEffect.Resolved>(Assert.Single(over.Effects)).Episode.ChannelIds);
    }

    [Fact]
    public void Disabling_resolves_both_tracks_says_why_and_keeps_the_numbering()
    {
        var state = After("WWWFFF", HistoryNotation.Rules());

        var step = HealthMachine.Reconcile(state, HistoryNotation.Rules(enabled: false), Now);

        Assert.Equal([2, 1], step.Effects.Select(effect => effect.Episode.Number));
        Assert.All(step.Effects, effect => Assert.Equal(ResolvedReason.Disabled, Assert.IsType<HealthEffect.Resolved>(effect).Reason));
        Assert.Equal(HealthStatus.Disabled, step.State.Status);
        Assert.Equal(2, step.State.LastEpisode);

        var on = HealthMachine.Reconcile(step.State, HistoryNotation.Rules(), Now).State;
        Assert.Equal((HealthStatus.Unknown, 0), (on.Status, on.ConsecutiveFailures));
    }

    [Fact]
    public void A_changed_type_ends_what_was_open_and_starts_counting_anew()
    {
        var state = After("FFF", HistoryNotation.Rules());

        var step = HealthMachine.Reconcile(state, HistoryNotation.Rules(type: "tcp"), Now);

        Assert.Equal(ResolvedReason.Changed, Assert.IsType<HealthEffect.Resolved>(Assert.Single(step.Effects)).Reason);
        Assert.Equal(("tcp", 0, 1, HealthStatus.Unknown), (step.State.Type, step.State.ConsecutiveFailures, step.State.LastEpisode, step.State.Status));
    }

    [Fact]
    public void Telling_no_more_of_warnings_ends_an_open_one_and_no_outage()
    {
        var state = After("WWWFFF", HistoryNotation.Rules());

        var step = HealthMachine.Reconcile(state, HistoryNotation.Rules(degraded: false), Now);

        var over = Assert.IsType<HealthEffect.Resolved>(Assert.Single(step.Effects));
        Assert.Equal((AlertSeverity.Warning, ResolvedReason.Changed), (over.Severity, over.Reason));
        Assert.NotNull(step.State.Outage);
    }

    [Fact]
    public void Telling_of_warnings_again_tells_of_those_that_last()
    {
        var state = After("WWWWW", HistoryNotation.Rules(degraded: false));

        var step = HealthMachine.Step(state, HistoryNotation.Rules(), HistoryNotation.Fact('W', Now), Now);

        Assert.Equal(AlertSeverity.Warning, Assert.IsType<HealthEffect.Fired>(Assert.Single(step.Effects)).Severity);
    }

    [Fact]
    public void Our_own_trouble_in_an_outage_is_no_recovery()
    {
        var state = After("FFFOO", HistoryNotation.Rules());

        Assert.Equal(HealthStatus.Unknown, state.Status);
        Assert.NotNull(state.Outage);
    }

    private static HealthState After(string history, HealthRules rules)
    {
        var state = HealthState.New(rules.Type, HistoryNotation.Start);
        for (var i = 0; i < history.Length; i++)
        {
            state = HealthMachine.Step(state, rules, HistoryNotation.Fact(history[i], HistoryNotation.At(i)), HistoryNotation.At(i)).State;
        }

        return state;
    }
}
