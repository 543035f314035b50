using System.Net;
using Monitor.Core.Outbound;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Silo.Settings;

/// <summary>All settings of a silo, checked. The names are the public contract's.</summary>
public sealed record SiloSettings
{
    /// <summary>Null: the store is SQLite, in <see cref="StoragePath"/>.</summary>
    public PostgresSettings? Postgres { get; init; }

    /// <summary>The folder of what is this silo's own: the journal, and SQLite's file and key ring.</summary>
    public required string StoragePath { get; init; }
    public required string SiloName { get; init; }
    public required string Zone { get; init; }

    /// <summary>What peers call; null: the first address listened on.</summary>
    public string? AdvertisedAddress { get; init; }
    public required bool OpenAccess { get; init; }
    public string? AdminToken { get; init; }
    public required bool ProtectMetrics { get; init; }
    public required Language Language { get; init; }
    public required TimeZoneInfo TimeZone { get; init; }
    public Uri? PublicUrl { get; init; }
    public required OutboundPolicy Outbound { get; init; }
    public required Retention Retention { get; init; }
    public required bool JsonLogs { get; init; }

    /// <summary>Where it is to listen.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>Nothing says where to listen.</summary>
    public required bool IsDefaultUrl { get; init; }

    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <exception cref="SettingsException">With every problem in one line.</exception>
    public static SiloSettings Read(IConfiguration configuration, params IReadOnlyList<string> arguments)
    {
        var reader = new SettingsReader(configuration);
        foreach (var argument in arguments.Where((argument, index) => IsStray(argument, index, arguments)))
        {
            reader.Refuse(argument, "is not a setting; settings look like --Storage:Path=/var/lib/monitor");
        }

        var masterKey = ReadMasterKey(reader);
        var urls = ReadUrls(configuration);
        var settings = new SiloSettings
        {
            Postgres = ReadPostgres(reader, masterKey),
            StoragePath = Path.GetFullPath(reader.Text("Storage:Path") ?? "data"),
            SiloName = reader.Text("Cluster:SiloName") ?? $"{Environment.MachineName}-{Environment.ProcessId}",
            Zone = reader.Text("Cluster:Zone") ?? "default",
            AdvertisedAddress = reader.Text("Cluster:AdvertisedAddress"),
            OpenAccess = reader.Choice("Access:Mode", "token", "token", "open") == "open",
            AdminToken = ReadAdminToken(reader),
            ProtectMetrics = reader.Flag("Access:ProtectMetrics", fallback: false),
            Language = reader.Choice("Messages:Language", "zh", "zh", "en") == "zh" ? Language.Chinese : Language.English,
            TimeZone = ReadTimeZone(reader),
            PublicUrl = ReadPublicUrl(reader),
            Outbound = new OutboundPolicy(reader.Networks("Outbound:Allow"), reader.Networks("Outbound:Deny")),
            Retention = new Retention(reader.Days("Retention:Results", 7), reader.Days("Retention:Rollups", 400), reader.Days("Retention:Alerts", 400)),
            JsonLogs = reader.Choice("Logging:Format", "text", "text", "json") == "json",
            Urls = urls.Length > 0 ? urls : [DefaultUrl],
            IsDefaultUrl = urls.Length == 0,
        };
        if (settings.OpenAccess && settings.Urls.Any(url => !IsLoopback(url)))
        {
            reader.Refuse("Access:Mode", "=open is refused on any address but loopback; listen on 127.0.0.1 or use tokens");
        }

        reader.Finish();
        return settings;
    }

    private static string? ReadAdminToken(SettingsReader reader)
    {
        var token = reader.Text("Access:AdminToken");
        if (token is { Length: < 16 })
        {
            reader.Refuse("Access:AdminToken", "must have at least 16 characters");
        }

        return token;
    }

    private static byte[]? ReadMasterKey(SettingsReader reader)
    {
        if (reader.Text("Secrets:MasterKey") is not { } text)
        {
            return null;
        }

        var key = new byte[text.Length];
        if (Convert.TryFromBase64String(text, key, out var length) && length == 32)
        {
            return key[..32];
        }

        reader.Refuse("Secrets:MasterKey", "must be 32 bytes in base64 (openssl rand -base64 32)");
        return null;
    }

    private static PostgresSettings? ReadPostgres(SettingsReader reader, byte[]? masterKey)
    {
        var connection = reader.Text("Storage:ConnectionString");
        var coordination = reader.Text("Storage:CoordinationConnectionString");
        if (reader.Choice("Storage:Provider", "sqlite", "sqlite", "postgres") == "sqlite")
        {
            return null;
        }

        if (connection is null)
        {
            reader.Refuse("Storage:ConnectionString", "is needed with Storage:Provider=postgres (Host=…;Database=…;Username=…;Password=…)");
        }

        if (masterKey is null)
        {
            reader.Refuse("Secrets:MasterKey", "is needed with Storage:Provider=postgres: 32 bytes in base64 (openssl rand -base64 32), the same on every silo");
        }

        return connection is null || masterKey is null ? null : new PostgresSettings(connection, coordination, masterKey);
    }

    private static TimeZoneInfo ReadTimeZone(SettingsReader reader)
    {
        const string fallback = "Asia/Shanghai";
        var name = reader.Text("Messages:TimeZone") ?? fallback;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        if (name == fallback)
        {
            // A container without tzdata: China has had one offset and no summer time since 1991.
            return TimeZoneInfo.CreateCustomTimeZone(fallback, TimeSpan.FromHours(8), fallback, fallback);
        }

        reader.Refuse("Messages:TimeZone", $"'{name}' is not known on this machine; use a name such as Asia/Shanghai (Debian package tzdata)");
        return TimeZoneInfo.Utc;
    }

    private static Uri? ReadPublicUrl(SettingsReader reader)
    {
        if (reader.Text("Web:PublicUrl") is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        reader.Refuse("Web:PublicUrl", $"must be an http:// or https:// address, not '{text}'");
        return null;
    }

    private static string[] ReadUrls(IConfiguration configuration)
    {
        if (configuration["urls"] is { Length: > 0 } urls)
        {
            return urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? "").Where(url => url.Length > 0);
        var ports = new[] { ("http", configuration["http_ports"]), ("https", configuration["https_ports"]) }
            .SelectMany(pair => (pair.Item2 ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => $"{pair.Item1}://*:{port}"));
        return [.. endpoints, .. ports];
    }

    /// <summary>The command line's reader passes over what is neither a setting nor the value of the one before it.</summary>
    private static bool IsStray(string argument, int index, IReadOnlyList<string> arguments) =>
        !argument.StartsWith('-') && !argument.StartsWith('/') && !argument.Contains('=', StringComparison.Ordinal)
        && !(index > 0 && arguments[index - 1].StartsWith("--", StringComparison.Ordinal) && !arguments[index - 1].Contains('=', StringComparison.Ordinal));

    private static bool IsLoopback(string url)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal);
        var authority = start < 0 ? url : url[(start + 3)..].TrimEnd('/');
        if (authority.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var colon = authority.LastIndexOf(':');
        var host = colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }
}

/// <param name="CoordinationConnectionString">For leases, where they go another way (around a pooler); null: the same way.</param>
/// <param name="MasterKey">32 bytes that open the key ring in the store.</param>
public sealed record PostgresSettings(string ConnectionString, string? CoordinationConnectionString, byte[] MasterKey);
