using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Monitor.UnitTests.Tree;

/// <summary>What no analyzer checks about the repository. Reads its files: the one exception to "unit tests read no files".</summary>
public sealed partial class TreeTests
{
    private static readonly string Root = FindRoot();
    private static readonly string[] Folders = ["src", "silo", "tests"];

    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Monitor.Core"] = [],
        ["Monitor.Gateway"] = ["Monitor.Core"],
        ["Monitor.Grains"] = ["Monitor.Core"],
        ["Monitor.Probers"] = ["Monitor.Core"],
        ["Monitor.Storage"] = ["Monitor.Core"],
        ["silo"] = ["Monitor.Gateway", "Monitor.Grains", "Monitor.Probers", "Monitor.Storage"],
    };

    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Assert.Empty(Files("*.cs").Where(file => File.ReadLines(file).Count() > 400).Select(Short));

    [Fact]
    public void Projects_know_each_other_as_the_design_says() =>
        Assert.Equal(
            Arrows.Select(arrow => Arrow(arrow.Key, arrow.Value)).Order(StringComparer.Ordinal),
            Files("*.csproj").Where(file => !IsBelow(file, "tests")).Select(file => Arrow(Name(file), References(file))).Order(StringComparer.Ordinal));

    [Fact]
    public void No_test_sleeps() =>
        Assert.Empty(Files("*.cs")
            .Where(file => IsBelow(file, "tests") && !IsBelow(file, "tests/Shared"))
            .SelectMany(file => Lines(file, Sleeping())));

    [Fact]
    public void Namespaces_are_folders() =>
        Assert.Empty(Files("*.cs")
            .Where(file => IsBelow(file, "src"))
            .SelectMany(file => Namespace()
                .Matches(File.ReadAllText(file))
                .Select(match => match.Groups["name"].Value)
                .Where(name => name != Short(Path.GetDirectoryName(file)!)["src/".Length..].Replace('/', '.'))
                .Select(name => $"{Short(file)}: {name}")));

    [Fact]
    public void Only_the_store_and_the_probers_of_databases_speak_sql() =>
        Assert.Empty(Files("*.cs")
            .Where(file => !IsBelow(file, "tests") && !IsBelow(file, "src/Monitor.Storage") && !IsBelow(file, "src/Monitor.Probers/Postgres")
                && !IsBelow(file, "src/Monitor.Probers/Cassandra"))
            .SelectMany(file => Lines(file, Sql())));

    /// <summary>A database server's clock may jump by an hour, and another server with another clock may take its place: nothing is judged by it.</summary>
    [Fact]
    public void No_statement_of_the_store_reads_the_servers_clock() =>
        Assert.Empty(Files("*.cs").Concat(Files("*.sql"))
            .Where(file => IsBelow(file, "src/Monitor.Storage"))
            .SelectMany(file => Lines(file, ServersClock())));

    [Fact]
    public void The_solution_lists_every_project()
    {
        var listed = Listed().Matches(File.ReadAllText(Path.Combine(Root, "Monitor.sln"))).Select(match => match.Groups["path"].Value.Replace('\\', '/'));
        Assert.Equal(Files("*.csproj").Select(Short).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Monitor.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests must run from within the repository");
        }

        return folder.FullName;
    }

    private static IEnumerable<string> Files(string pattern) => Folders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories))
        .Where(file => !Built().IsMatch(Short(file)));

    private static string Short(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static bool IsBelow(string file, string folder) => Short(file).StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) => XDocument.Load(project)
        .Descendants("ProjectReference")
        .Select(reference => Name(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static string Arrow(string from, IEnumerable<string> to) => $"{from} -> {string.Join(", ", to.Order(StringComparer.Ordinal))}";

    private static IEnumerable<string> Lines(string file, Regex what) => File.ReadLines(file)
        .Select((line, index) => (Line: line, Number: index + 1))
        .Where(at => what.IsMatch(at.Line))
        .Select(at => $"{Short(file)}:{at.Number}: {at.Line.Trim()}");

    [GeneratedRegex("(^|/)(bin|obj)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Built();

    [GeneratedRegex("""\b(Task\.Delay|Thread\.Sleep) *\(""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sleeping();

    [GeneratedRegex("^namespace +(?<name>[A-Za-z0-9_.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Namespace();

    [GeneratedRegex("""\b(SELECT [^"]+ FROM |INSERT (OR [A-Z]+ )?INTO |UPDATE [a-z_]+ SET |DELETE FROM |CREATE (TABLE|INDEX) )""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sql();

    [GeneratedRegex(
        """\b(now\(\)|current_(timestamp|date|time)\b|localtime(stamp)?\b|(clock|statement|transaction)_timestamp|timeofday|unixepoch\(|julianday)""",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000)]
    private static partial Regex ServersClock();

    [GeneratedRegex("\"(?<path>[^\"]+\\.csproj)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listed();
}
