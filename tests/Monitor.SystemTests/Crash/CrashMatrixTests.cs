using Xunit;

namespace Monitor.SystemTests.Crash;

/// <summary>kill -9 at every step between a check and the mark on its delivery, and a start over the same store. docs/crash-matrix.md says what each step came to.</summary>
public sealed class CrashMatrixTests
{
    [Fact]
    public async Task Killed_at_any_step_one_outage_is_one_record_told_once_and_in_order()
    {
        var cases = CrashStep.All.SelectMany(step => new[] { new CrashCase(step, false), new CrashCase(step, true) });
        var outcomes = await CrashPage.RunAsync(cases, 4, one => one.RunAsync());
        await CrashPage.CompareAsync("One silo, started again over its SQLite file", CrashPage.Table(outcomes));
    }
}
