using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs;

/// <summary>Fields that several probers share, so that they are called, described and read the same everywhere.</summary>
public static class CommonFields
{
    /// <summary>What a pattern of a user may take of one answer. Patterns run without backtracking; a huge counted repetition over a megabyte still takes its time.</summary>
    public static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    public static readonly Field IpFamily = new("ip_family", new TextRule { OneOf = ["auto", "ipv4", "ipv6"] })
    {
        Default = "\"auto\"",
        Description = new("Which addresses of the host to use.", "使用主机的哪种地址。"),
    };

    public static readonly Field MaxLatency = new("max_latency_ms", new NumberRule(0.001, 300_000))
    {
        Description = new("Failure when it takes longer than this, in milliseconds.", "耗时超过此毫秒数即为失败。"),
    };

    public static readonly Field WarnLatency = new("warn_latency_ms", new NumberRule(0.001, 300_000))
    {
        Description = new("Warning when it takes longer than this, in milliseconds.", "耗时超过此毫秒数即为警告。"),
    };

    /// <param name="directsSecrets">True where the config holds secrets that go to this host.</param>
    public static Field Host(bool directsSecrets) => new("host", new TextRule(1, 255) { Check = TextChecks.Host, Format = "hostname" })
    {
        Required = true,
        DirectsSecrets = directsSecrets,
        Description = new("Host name or IP address.", "主机名或 IP 地址。"),
    };

    /// <param name="defaultPort">Null: it must be given.</param>
    public static Field Port(bool directsSecrets, int? defaultPort = null) => new("port", new IntegerRule(1, 65535))
    {
        Required = defaultPort is null,
        Default = defaultPort?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        DirectsSecrets = directsSecrets,
        Description = new("TCP port.", "TCP 端口。"),
    };

    /// <summary>A list of <c>host:port</c>.</summary>
    public static Field Nodes(string name, LocalizedText description, bool required = true) =>
        new(name, new ListRule(new TextRule(3, 262) { Check = TextChecks.HostPort, Format = "host:port" }, 1, 100))
        {
            Required = required,
            DirectsSecrets = true,
            Description = description,
        };

    /// <summary>What <see cref="Nodes"/> accepted, in its order; a place that is named twice counts once.</summary>
    public static IReadOnlyList<NodeAddress> ReadNodes(ConfigValues values, string name) =>
        [.. values.TextList(name).Select(text => TextChecks.SplitHostPort(text)!.Value).Select(at => new NodeAddress(at.Host, at.Port)).Distinct()];

    public static Field Pattern(string name, LocalizedText description) =>
        new(name, new TextRule(1, 2000, Multiline: true) { Check = TextChecks.Pattern, Format = "regex" }) { Description = description };

    public static IpFamily ReadIpFamily(ConfigValues values) => values.Text("ip_family") switch
    {
        "ipv4" => Configs.IpFamily.V4,
        "ipv6" => Configs.IpFamily.V6,
        _ => Configs.IpFamily.Auto,
    };

    /// <summary>A pattern that its field has accepted.</summary>
    public static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);

    /// <summary>A text of a config that may not have passed its schema: null where it is anything else. For checks between fields, which run beside the schema's.</summary>
    internal static string? TextOrNull(JsonElement config, string name) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    internal static string HostAndPort(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal)
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"[{host}]:{port}")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{host}:{port}");
}

/// <summary>Which addresses of a name may be used.</summary>
public enum IpFamily
{
    Auto,
    V4,
    V6,
}
