using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Verdicts;
using Monitor.Gateway.Web.Viewing;
using Xunit;

namespace Monitor.UnitTests.Gateway.Web;

/// <summary>"Why was I (not) told?": what each result counted for.</summary>
public sealed class VerdictTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Visitor Reader = new() { Language = Language.English, Zone = TimeZoneInfo.Utc, Now = Noon.AddMinutes(1) };

    private static readonly TargetSettings Settings = new() { Name = "a", Type = "http", Config = "{}", MaskedConfig = "{}", Endpoint = "a", FailureThreshold = 3 };

    [Fact]
    public void Failures_are_numbered_a_success_starts_anew_and_the_one_that_reaches_the_threshold_says_so() =>
        Assert.Equal(["failure 1 of the 3", "success", "failure 1 of the 3", "failure 2 of the 3", "failure 3; 3 make an alert"], Told("FSFFF", inRow: 3));

    [Fact]
    public void What_says_nothing_and_what_was_made_by_hand_does_not_count() =>
        Assert.Equal(["failure 1 of the 3", "late, says nothing", "probed by hand", "failure 2 of the 3"], Told("FLMF", inRow: 2));

    [Fact]
    public void Failures_before_those_at_hand_are_counted_too() =>
        Assert.Equal(["failure 8; 3", "failure 9; 3"], Told("FF", inRow: 9));

    private static string[] Told(string history, int inRow)
    {
        CheckRecord[] results = [.. history.Select((kind, index) => Result(kind, Noon.AddSeconds(index))).Reverse()];
        var steps = Verdict.Counted(Reader, Settings, results, inRow).Select(step => step.Text).ToArray();
        string[] marks = ["probed by hand", "failure 1 of the 3", "failure 2 of the 3", "failure 3; 3 make an alert", "failure 8; 3", "failure 9; 3", "success", "late, says nothing"];
        return [.. steps.Select(step => marks.FirstOrDefault(mark => step.Contains(mark, StringComparison.Ordinal)) ?? step)];
    }

    private static CheckRecord Result(char kind, DateTimeOffset at) => new()
    {
        TargetId = 1,
        CheckedAt = at,
        Outcome = kind switch { 'S' => ProbeOutcome.Ok, 'L' => ProbeOutcome.Late, _ => ProbeOutcome.Failed },
        Latency = TimeSpan.FromMilliseconds(1),
        Message = "message",
        Trigger = kind == 'M' ? ProbeTrigger.Manual : ProbeTrigger.Schedule,
        Silo = "s",
        Zone = "z",
    };
}
