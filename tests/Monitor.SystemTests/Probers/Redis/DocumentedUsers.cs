using Monitor.SystemTests.Harness;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>The lines that the docs give to paste: tests run these very lines, so that the docs cannot lie.</summary>
internal static class DocumentedUsers
{
    /// <param name="page">A file of <c>docs/probers</c>.</param>
    /// <param name="block">The word behind the code block's fence.</param>
    public static IReadOnlyList<string> Of(string page, string block)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "probers", page));
        return [.. lines.SkipWhile(line => line != "```" + block).Skip(1).TakeWhile(line => line != "```").Where(line => line.StartsWith("ACL ", StringComparison.Ordinal))];
    }
}
