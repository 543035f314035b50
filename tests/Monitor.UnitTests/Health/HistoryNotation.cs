using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Probing;

namespace Monitor.UnitTests.Health;

/// <summary>
/// Histories as strings. In: <c>S</c> success, <c>W</c> success with warnings, <c>F</c> failure, <c>L</c> late, <c>O</c> our own trouble,
/// lower case <c>s w f</c> the same run by hand. Out: <c>F1@3</c> episode 1 of failures fired at the third result, <c>W1@3</c> of warnings,
/// <c>R1@4</c> resolved.
/// </summary>
internal static class HistoryNotation
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static HealthRules Rules(int failures = 3, int recoveries = 1, bool degraded = true, bool enabled = true, string type = "http") =>
        new(type, enabled, failures, recoveries, degraded, [1]);

    public static CheckFact Fact(char letter, DateTimeOffset at) => char.ToUpperInvariant(letter) switch
    {
        'S' => new CheckFact(at, ProbeOutcome.Ok, HasWarnings: false, char.IsLower(letter)),
        'W' => new CheckFact(at, ProbeOutcome.Ok, HasWarnings: true, char.IsLower(letter)),
        'F' => new CheckFact(at, ProbeOutcome.Failed, HasWarnings: false, char.IsLower(letter)),
        'L' => new CheckFact(at, ProbeOutcome.Late, HasWarnings: false, Manual: false),
        'O' => new CheckFact(at, ProbeOutcome.Skipped, HasWarnings: false, Manual: false, OwnTrouble: true),
        _ => throw new ArgumentOutOfRangeException(nameof(letter)),
    };

    public static DateTimeOffset At(int index) => Start.AddSeconds(30 * index);

    /// <summary>Runs a history; <paramref name="between"/> may replace the state between two results (a restart).</summary>
    public static string Run(string history, HealthRules rules, Func<HealthState, HealthState>? between = null)
    {
        var state = HealthState.New(rules.Type, Start);
        var told = new List<string>();
        for (var i = 0; i < history.Length; i++)
        {
            var step = HealthMachine.Step(state, rules, Fact(history[i], At(i)), At(i));
            told.AddRange(step.Effects.Select(effect => Told(effect, i + 1)));
            state = between?.Invoke(step.State) ?? step.State;
        }

        return string.Join(' ', told);
    }

    public static string Told(HealthEffect effect, int at)
    {
        var letter = effect switch
        {
            HealthEffect.Fired { Severity: AlertSeverity.Critical } => "F",
            HealthEffect.Fired => "W",
            HealthEffect.Resolved => "R",
            _ => "J",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{letter}{effect.Episode.Number}@{at}");
    }
}
