using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Xunit;

namespace Monitor.UnitTests.Health;

/// <summary>What holds for every history, whatever the settings.</summary>
public sealed class HealthHistoryProperties
{
    private static readonly Gen<Case> Cases =
        from length in Gen.Choose(0, 60)
        from history in Gen.Elements("SSSSFFFFFWWWLOswf".ToCharArray()).ArrayOf(length)
        from failures in Gen.Choose(1, 4)
        from recoveries in Gen.Choose(1, 4)
        from degraded in Gen.Elements(true, true, false)
        select new Case(new string(history), failures, recoveries, degraded);

    [Fact]
    public void Firing_and_resolved_alternate_on_each_track() => Holds(history => Tracks(history).All(track =>
        track.Select((effect, i) => effect is HealthEffect.Fired == (i % 2 == 0)).All(fits => fits)));

    [Fact]
    public void Every_firing_has_one_resolved_of_its_number_or_is_open() => Holds(history =>
    {
        var open = new HashSet<int>();
        foreach (var effect in history.Effects)
        {
            var fits = effect is HealthEffect.Fired ? open.Add(effect.Episode.Number) : open.Remove(effect.Episode.Number);
            if (!fits)
            {
                return false;
            }
        }

        var held = new[] { history.Last.Outage, history.Last.Warning }.OfType<OpenEpisode>().Select(episode => episode.Number);
        return open.SetEquals(held);
    });

    [Fact]
    public void Episodes_of_both_tracks_are_numbered_without_a_gap() => Holds(history =>
    {
        var numbers = history.Effects.OfType<HealthEffect.Fired>().Select(fired => fired.Episode.Number).ToArray();
        return numbers.SequenceEqual(Enumerable.Range(1, numbers.Length)) && history.Last.LastEpisode == numbers.Length;
    });

    [Fact]
    public void A_restart_between_any_two_results_changes_nothing() => Check(given =>
    {
        var rules = given.Rules;
        var straight = Run(given, state => state);
        var restarted = Run(given, state => HealthMachine.Reconcile(HealthStateCodec.Decode(HealthStateCodec.Encode(state)), rules, HistoryNotation.Start).State);
        return HealthStateCodec.Encode(straight.Last) == HealthStateCodec.Encode(restarted.Last)
            && straight.Effects.Select(HealthNames).SequenceEqual(restarted.Effects.Select(HealthNames), StringComparer.Ordinal);
    });

    [Fact]
    public void A_state_that_has_been_stored_needs_no_reconciling() => Check(given =>
        HealthMachine.Reconcile(Run(given, state => state).Last, given.Rules, HistoryNotation.Start).Change == StateChange.None);

    [Fact]
    public void Whatever_came_before_a_steady_target_soon_writes_nothing_at_once() => Check(given =>
    {
        foreach (var letter in "SWF")
        {
            var state = Run(given, state => state).Last;
            var last = StateChange.Now;
            for (var i = 0; i < 10; i++)
            {
                var step = HealthMachine.Step(state, given.Rules, HistoryNotation.Fact(letter, HistoryNotation.At(100 + i)), HistoryNotation.At(100 + i));
                state = step.State;
                last = step.Change;
            }

            if (last == StateChange.Now)
            {
                return false;
            }
        }

        return true;
    });

    [Fact]
    public void What_changes_nothing_leaves_the_very_same_state() => Check(given =>
    {
        var state = HealthState.New("http", HistoryNotation.Start);
        for (var i = 0; i < given.History.Length; i++)
        {
            var step = HealthMachine.Step(state, given.Rules, HistoryNotation.Fact(given.History[i], HistoryNotation.At(i)), HistoryNotation.At(i));
            if (step.Change == StateChange.None && (!ReferenceEquals(step.State, state) || step.Effects.Count > 0))
            {
                return false;
            }

            state = step.State;
        }

        return true;
    });

    [Fact]
    public void Only_a_failure_by_schedule_can_open_an_outage_and_only_warnings_a_warning() => Check(given =>
    {
        var state = HealthState.New("http", HistoryNotation.Start);
        for (var i = 0; i < given.History.Length; i++)
        {
            var letter = given.History[i];
            var step = HealthMachine.Step(state, given.Rules, HistoryNotation.Fact(letter, HistoryNotation.At(i)), HistoryNotation.At(i));
            if (step.Effects.OfType<HealthEffect.Fired>().Any(fired => letter != (fired.Severity == AlertSeverity.Critical ? 'F' : 'W')))
            {
                return false;
            }

            state = step.State;
        }

        return true;
    });

    [Fact]
    public void Deleting_resolves_just_what_is_open() => Holds(history =>
    {
        var told = HealthMachine.Delete(history.Last, HistoryNotation.Start).Select(effect => effect.Episode.Number);
        var open = new[] { history.Last.Outage, history.Last.Warning }.OfType<OpenEpisode>().Select(episode => episode.Number);
        return told.SequenceEqual(open);
    });

    private static void Holds(Func<Told, bool> rule) => Check(given => rule(Run(given, state => state)));

    private static void Check(Func<Case, bool> rule) => Prop.ForAll(Cases.ToArbitrary(), rule).QuickCheckThrowOnFailure();

    private static Told Run(Case given, Func<HealthState, HealthState> between)
    {
        var state = HealthState.New("http", HistoryNotation.Start);
        var effects = new List<HealthEffect>();
        for (var i = 0; i < given.History.Length; i++)
        {
            var step = HealthMachine.Step(state, given.Rules, HistoryNotation.Fact(given.History[i], HistoryNotation.At(i)), HistoryNotation.At(i));
            effects.AddRange(step.Effects);
            state = between(step.State);
        }

        return new Told(state, effects);
    }

    private static IEnumerable<List<HealthEffect>> Tracks(Told history) =>
        history.Effects.GroupBy(effect => effect.Severity).Select(track => track.ToList());

    private static string HealthNames(HealthEffect effect) => HistoryNotation.Told(effect, 0) + effect.Severity;

    private sealed record Case(string History, int Failures, int Recoveries, bool Degraded)
    {
        public HealthRules Rules => HistoryNotation.Rules(Failures, Recoveries, Degraded);
    }

    private sealed record Told(HealthState Last, List<HealthEffect> Effects);
}
