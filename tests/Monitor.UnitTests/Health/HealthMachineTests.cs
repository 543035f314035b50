using Monitor.Core.Health;
using Xunit;

namespace Monitor.UnitTests.Health;

public sealed class HealthMachineTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("S", "")]
    [InlineData("FF", "")]
    [InlineData("FFF", "F1@3")]
    [InlineData("FFFF", "F1@3")]
    [InlineData("FFFS", "F1@3 R1@4")]
    [InlineData("FFSFFSFF", "")]
    [InlineData("FFFSFFFS", "F1@3 R1@4 F2@7 R2@8")]
    [InlineData("FLFOFS", "F1@5 R1@6")]
    [InlineData("FFFOS", "F1@3 R1@5")]
    [InlineData("FFFfff", "F1@3")]
    [InlineData("fffff", "")]
    [InlineData("FFsFF", "")]
    [InlineData("FFFs", "F1@3 R1@4")]
    [InlineData("FFFw", "F1@3")]
    [InlineData("WWW", "W1@3")]
    [InlineData("WWSWW", "")]
    [InlineData("WWWS", "W1@3 R1@4")]
    [InlineData("WWWFFFS", "W1@3 F2@6 R2@7 R1@7")]
    [InlineData("WFWFW", "W1@5")]
    [InlineData("WWFFFW", "F1@5 R1@6 W2@6")]
    [InlineData("FFFW", "F1@3 R1@4")]
    public void A_history_tells_just_what_its_row_says(string history, string told) =>
        Assert.Equal(told, HistoryNotation.Run(history, HistoryNotation.Rules()));

    [Theory]
    [InlineData("FS", 1, 1, "F1@1 R1@2")]
    [InlineData("FFFSSS", 3, 3, "F1@3 R1@6")]
    [InlineData("FFFSSFSSS", 3, 3, "F1@3 R1@9")]
    [InlineData("FFFSWS", 3, 3, "F1@3 R1@6")]
    [InlineData("WWSS", 2, 2, "W1@2 R1@4")]
    [InlineData("WWSWSS", 2, 2, "W1@2 R1@6")]
    public void Thresholds_are_counted_in_a_row(string history, int failures, int recoveries, string told) =>
        Assert.Equal(told, HistoryNotation.Run(history, HistoryNotation.Rules(failures, recoveries)));

    [Fact]
    public void Warnings_are_not_told_where_the_target_does_not_want_them() =>
        Assert.Equal("F1@7", HistoryNotation.Run("WWWWFFF", HistoryNotation.Rules(degraded: false)));

    [Theory]
    [InlineData("SSSSS")]
    [InlineData("FFFFF")]
    [InlineData("WWWWW")]
    public void A_steady_target_good_or_bad_has_nothing_to_store_at_once(string history)
    {
        var rules = HistoryNotation.Rules();
        var state = HealthState.New(rules.Type, HistoryNotation.Start);
        var last = default(HealthStep);
        for (var i = 0; i < history.Length; i++)
        {
            last = HealthMachine.Step(state, rules, HistoryNotation.Fact(history[i], HistoryNotation.At(i)), HistoryNotation.At(i));
            state = last.State;
        }

        Assert.NotEqual(StateChange.Now, last.Change);
    }
}
