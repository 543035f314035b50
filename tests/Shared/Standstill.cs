namespace Monitor.Tests.Shared;

/// <summary>
/// Waits until a process that was sent SIGSTOP stands still. The signal comes to one of its threads, which has to be given a processor before it can stop the others: on a busy machine a
/// "frozen" broker went on answering for a while.
/// </summary>
internal static class Standstill
{
    public static Task OfAsync(int processId, CancellationToken cancellationToken) => Eventually.TrueAsync(
        $"process {processId} stands still", () => Directory.EnumerateDirectories($"/proc/{processId}/task").All(IsStopped), cancellationToken);

    private static bool IsStopped(string task)
    {
        try
        {
            // Behind the name, which may hold anything.
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart().StartsWith("T", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // A thread that has ended meanwhile.
            return true;
        }
    }
}
