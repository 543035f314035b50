using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Monitor.Silo.Settings;
using Monitor.SystemTests.Harness;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Monitor.SystemTests.Settings;

/// <summary>What the files in <c>deploy/</c>, the compose file and the Dockerfile say, as data.</summary>
internal static partial class DeployFiles
{
    private static readonly Dictionary<string, string> Samples = new(StringComparer.Ordinal)
    {
        ["POSTGRES_PASSWORD"] = "a-password",
        ["MONITOR_MASTER_KEY"] = Convert.ToBase64String(new byte[32]),
        ["MONITOR_ADMIN_TOKEN"] = "0123456789abcdef0123456789abcdef",
    };

    public static string Text(string path) => File.ReadAllText(Repository.File(path));

    public static string[] Lines(string path) => File.ReadAllLines(Repository.File(path));

    /// <summary>The documents of a YAML file, merge keys (<c>&lt;&lt;</c>) applied; every value is a string.</summary>
    public static IReadOnlyList<JsonNode> Yaml(string path)
    {
        using var reader = new StringReader(Text(path));
        var parser = new MergingParser(new Parser(reader));
        var deserializer = new DeserializerBuilder().Build();
        var documents = new List<JsonNode>();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            documents.Add(Node(deserializer.Deserialize<object>(parser)));
        }

        return documents;
    }

    /// <summary>Name and value of each string of a map.</summary>
    public static IReadOnlyDictionary<string, string> Map(JsonNode? node) =>
        node?.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>(), StringComparer.Ordinal) ?? [];

    /// <summary><c>${NAME:?hint}</c> becomes a valid sample; the names that are told are the only ones there may be.</summary>
    public static string Fill(string value) => Variable().Replace(value, match =>
        Samples.TryGetValue(match.Groups["name"].Value, out var sample) ? sample : throw new InvalidDataException($"nobody knows a value of {match.Value}"));

    /// <summary>The variables that a value takes from outside, and refuses to do without.</summary>
    public static IReadOnlyList<string> Variables(string value) => [.. Variable().Matches(value).Select(match => match.Groups["name"].Value)];

    /// <summary><c>ENV</c> of the image.</summary>
    public static IReadOnlyDictionary<string, string> ImageEnvironment()
    {
        var text = Text("silo/Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal);
        return text.Split('\n').Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
            .SelectMany(line => line[4..].Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    /// <summary>As a silo reads these variables: through its own settings, which refuse what they do not know.</summary>
    public static SiloSettings Read(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> environment)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in image.Concat(environment))
        {
            var key = name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) ? name["ASPNETCORE_".Length..] : name;
            all[key.Replace("__", ":", StringComparison.Ordinal)] = Fill(value);
        }

        return SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(all).Build());
    }

    /// <summary>Whether this variable's value may stand in no file.</summary>
    public static bool IsSecret(string name) =>
        name.EndsWith("PASSWORD", StringComparison.Ordinal) || name.EndsWith("ConnectionString", StringComparison.Ordinal)
        || name is "Secrets__MasterKey" or "Access__AdminToken";

    private static JsonNode Node(object? value) => value switch
    {
        IDictionary<object, object?> map => new JsonObject(map.Select(pair => KeyValuePair.Create((string)pair.Key, (JsonNode?)Node(pair.Value)))),
        IList<object?> list => new JsonArray([.. list.Select(Node)]),
        _ => JsonValue.Create(value?.ToString() ?? ""),
    };

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+):\?[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
