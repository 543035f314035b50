using System.Collections.Concurrent;
using System.Text;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Crash;

/// <summary>docs/crash-matrix.md: one part for each way of going on. MONITOR_WRITE_DOCS=1 writes the part of the test that runs anew.</summary>
internal static class CrashPage
{
    private const string Page = "docs/crash-matrix.md";

    /// <summary>Runs the cases, so many at a time, and fails with all that is broken.</summary>
    public static async Task<IReadOnlyCollection<CrashOutcome>> RunAsync<T>(IEnumerable<T> cases, int atOnce, Func<T, Task<CrashOutcome>> run)
    {
        var outcomes = new ConcurrentBag<CrashOutcome>();
        var broken = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = Scene.Token }, async (one, _) =>
        {
            try
            {
                var outcome = await run(one);
                outcomes.Add(outcome);
                foreach (var problem in outcome.Broken())
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
        return outcomes;
    }

    /// <summary>The table of what each step came to.</summary>
    public static string Table(IReadOnlyCollection<CrashOutcome> outcomes)
    {
        var table = new StringBuilder("""
            | killed when | step | on the firing's way: copies of the firing | sent again | on the recovery's way: copies of the recovery | sent again |
            |---|---|---|---|---|---|

            """);
        foreach (var step in CrashStep.All)
        {
            var firing = outcomes.Single(one => one.Step == step && one.OnFiring);
            var recovery = outcomes.Single(one => one.Step == step && one.OnRecovery);
            table.Append(FormattableString.Invariant(
                $"| {step.Meaning} | `{step.Name}` | {firing.Firings} | {firing.RepeatedFirings} | {recovery.Recoveries} | {recovery.RepeatedRecoveries} |\n"));
        }

        return table.ToString();
    }

    /// <param name="title">Of the part; it goes to the next title or to the page's end.</param>
    public static async Task CompareAsync(string title, string text)
    {
        var file = Repository.File(Page);
        var page = await File.ReadAllTextAsync(file, Scene.Token);
        var heading = $"## {title}\n\n";
        var from = page.IndexOf(heading, StringComparison.Ordinal);
        var to = from < 0 ? -1 : page.IndexOf("\n## ", from, StringComparison.Ordinal);
        var before = from < 0 ? page + "\n" : page[..from];
        var after = to < 0 ? "" : page[to..];
        var found = before + heading + text + after;
        if (Environment.GetEnvironmentVariable("MONITOR_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, found, Scene.Token);
            return;
        }

        Assert.Equal(page, found);
    }
}
