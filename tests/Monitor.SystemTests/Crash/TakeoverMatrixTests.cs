using Monitor.Core.Diagnostics;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Crash;

/// <summary>
/// The same steps in a cluster over PostgreSQL: nobody starts the silo again, another one takes over. Every run plays those at which something else is known to whoever takes over;
/// MONITOR_WRITE_DOCS=1 plays all.
/// </summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class TakeoverMatrixTests
{
    private static readonly string[] Telling = [SiloEvents.Decided, SiloEvents.CommitDone, SiloEvents.DeliveryClaimed, SiloEvents.PostSent];

    [Fact]
    public async Task Killed_at_any_step_and_taken_over_one_outage_is_one_record_told_once_and_in_order()
    {
        Requires.Postgres();
        var all = Environment.GetEnvironmentVariable("MONITOR_WRITE_DOCS") == "1";
        var steps = CrashStep.All.Where(step => all || Telling.Contains(step.Name, StringComparer.Ordinal));
        var outcomes = await CrashPage.RunAsync(steps.Select(step => new TakeoverCase(step)), 2, one => one.RunAsync());
        if (all)
        {
            await CrashPage.CompareAsync("Three silos over PostgreSQL, taken over by another", CrashPage.Table(outcomes));
        }
    }
}
