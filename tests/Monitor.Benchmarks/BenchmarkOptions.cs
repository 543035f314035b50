using System.Globalization;

namespace Monitor.Benchmarks;

/// <summary>A command and its <c>--name value</c> options; a name without a value is a switch.</summary>
internal sealed class BenchmarkOptions
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public string Command { get; private init; } = "";

    public static BenchmarkOptions Read(string[] args)
    {
        var options = new BenchmarkOptions { Command = args.Length > 0 ? args[0] : "" };
        for (var at = 1; at < args.Length; at++)
        {
            var hasValue = at + 1 < args.Length && !args[at + 1].StartsWith("--", StringComparison.Ordinal);
            options._values[args[at]] = hasValue ? args[++at] : "";
        }

        return options;
    }

    public bool Has(string name) => _values.ContainsKey("--" + name);

    public string Text(string name, string otherwise) => _values.GetValueOrDefault("--" + name, otherwise);

    public int Number(string name, int otherwise) =>
        _values.TryGetValue("--" + name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
