using System.Collections.Concurrent;
using System.Text;
using Monitor.Core.Diagnostics;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Crash;

/// <summary>
/// kill -9 at every step between a check and the mark on its delivery. What each step came to is written down in docs/crash-matrix.md;
/// MONITOR_WRITE_DOCS=1 writes that page anew.
/// </summary>
public sealed class CrashMatrixTests
{
    private const string Page = "docs/crash-matrix.md";

    /// <summary>In the order in which an alert meets them, and whether its notice can have arrived without a mark that it has.</summary>
    private static readonly (string Step, bool MayRepeat, string Meaning)[] Steps =
    [
        (SiloEvents.ProbeEnded, false, "the deciding probe has ended"),
        (SiloEvents.Decided, false, "the health machine has decided, nothing is stored"),
        (SiloEvents.CommitStarting, false, "the transition is about to be stored"),
        (SiloEvents.CommitDone, false, "state, alert record and deliveries are stored"),
        (SiloEvents.DeliveryClaiming, false, "the delivery is about to be claimed"),
        (SiloEvents.DeliveryClaimed, false, "the claim is stored"),
        (SiloEvents.PostStarting, false, "the POST is about to begin"),
        (SiloEvents.PostSent, true, "the POST's body is written"),
        (SiloEvents.PostAnswered, true, "the robot has answered"),
        (SiloEvents.DeliveryMarking, true, "the delivery is about to be marked"),
        (SiloEvents.DeliveryMarked, false, "the mark is stored"),
    ];

    [Fact]
    public async Task Killed_at_any_step_one_outage_is_one_record_told_once_and_in_order()
    {
        var outcomes = new ConcurrentBag<CrashOutcome>();
        var broken = new ConcurrentBag<string>();
        var cases = Steps.SelectMany(step => new[] { new CrashCase(step.Step, false), new CrashCase(step.Step, true) });

        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Scene.Token }, async (one, _) =>
        {
            try
            {
                var outcome = await one.RunAsync();
                outcomes.Add(outcome);
                foreach (var problem in outcome.Broken(Steps.Single(step => step.Step == one.Step).MayRepeat))
                {
                    broken.Add($"{one}: {problem}");
                }
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException or HttpRequestException)
            {
                broken.Add($"{one}: {e.Message}");
            }
        });

        Assert.True(broken.IsEmpty, string.Join('\n', broken.Order(StringComparer.Ordinal)));
        await ComparePageAsync(Write(outcomes));
    }

    private static async Task ComparePageAsync(string found)
    {
        var file = Repository.File(Page);
        if (Environment.GetEnvironmentVariable("MONITOR_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, found, Scene.Token);
        }

        Assert.Equal(await File.ReadAllTextAsync(file, Scene.Token), found);
    }

    private static string Write(IReadOnlyCollection<CrashOutcome> outcomes)
    {
        var page = new StringBuilder("""
            # The crash matrix

            The silo is ended with SIGKILL at each step of an alert's way, once while the firing goes it and once while the recovery does, and started again.
            After every one of these there was exactly one alert record, both notices arrived with the same `#target-episode`, and no recovery came before its firing.
            *Sent again* is what `monitor_deliveries_repeated_total` counted: a claim whose outcome nobody knows is posted again rather than lost.

            Written by `CrashMatrixTests` (`MONITOR_WRITE_DOCS=1`), which fails when it finds anything else.

            | killed when | step | on the firing's way: copies of the firing | sent again | on the recovery's way: copies of the recovery | sent again |
            |---|---|---|---|---|---|

            """);
        foreach (var (step, _, meaning) in Steps)
        {
            var firing = outcomes.Single(one => one.Case == new CrashCase(step, false));
            var recovery = outcomes.Single(one => one.Case == new CrashCase(step, true));
            page.Append(Invariant($"| {meaning} | `{step}` | {firing.Firings} | {firing.Repeated} | {recovery.Recoveries} | {recovery.Repeated} |\n"));
        }

        return page.ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
