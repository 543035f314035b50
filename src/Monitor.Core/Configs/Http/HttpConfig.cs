using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Http;

/// <summary>What <c>http</c> is told.</summary>
public sealed partial record HttpConfig
{
    public const int DefaultMaxBodyBytes = 1024 * 1024;

    public required HttpPlace Place { get; init; }
    public string Method { get; init; } = "GET";
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
    public byte[]? Body { get; init; }

    /// <summary>The whole <c>Authorization</c> value made of user and password, bearer token or the URL's user info.</summary>
    public string? Authorization { get; init; }

    public StatusRanges ExpectStatus { get; init; } = StatusRanges.Success;
    public string? BodyContains { get; init; }
    public string? BodyNotContains { get; init; }
    public Regex? BodyPattern { get; init; }
    public IReadOnlyList<KeyValuePair<string, Regex>> HeaderPatterns { get; init; } = [];
    public IReadOnlyList<JsonExpectation> Json { get; init; } = [];
    public bool FollowRedirects { get; init; } = true;
    public HttpVersionChoice Version { get; init; }
    public HttpProxy? Proxy { get; init; }
    public IpFamily IpFamily { get; init; }
    public double? MaxLatencyMs { get; init; }
    public double? WarnLatencyMs { get; init; }
    public int MaxBodyBytes { get; init; } = DefaultMaxBodyBytes;

    /// <summary>For https, also where a redirect leads to it from http; null when <c>tls</c> is false, which no https URL may have.</summary>
    public TlsConfig? Tls { get; init; }

    /// <summary>Texts that no message may show: a server may send back what it was sent.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    public bool JudgesBody => BodyContains is not null || BodyNotContains is not null || BodyPattern is not null || Json.Count > 0;

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        TlsConfig.Check(config, errors);
        CheckTogether(config, errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var url = values.Text("url")!;
        return ConfigReading.Accepted(Accepted(values, new Uri(url)), SecretUrl.Masked(url));
    }

    private static HttpConfig Accepted(ConfigValues values, Uri uri)
    {
        var body = values.Text("body");
        var headers = values.TextMap("headers");
        var proxy = values.Text("proxy_url") is { } proxyUrl ? HttpProxy.From(new Uri(proxyUrl)) : null;
        var authorization = ReadAuthorization(values, uri);
        return new HttpConfig
        {
            Place = HttpPlace.From(uri)!,
            Method = values.Text("method") ?? "GET",
            Headers = headers,
            Body = body is null ? null : Encoding.UTF8.GetBytes(body),
            Authorization = authorization,
            ExpectStatus = values.Text("expect_status") is { } ranges ? StatusRanges.Parse(ranges)! : StatusRanges.Success,
            BodyContains = values.Text("expect_body_contains"),
            BodyNotContains = values.Text("expect_body_not_contains"),
            BodyPattern = values.Text("expect_body_regex") is { } pattern ? CommonFields.Compile(pattern) : null,
            HeaderPatterns = [.. values.TextMap("expect_header").Select(pair => KeyValuePair.Create(pair.Key, CommonFields.Compile(pair.Value)))],
            Json = ReadJson(values),
            FollowRedirects = values.Flag("follow_redirects") ?? true,
            Version = values.Text("http_version") switch { "1.1" => HttpVersionChoice.V11, "2" => HttpVersionChoice.V2, _ => HttpVersionChoice.Auto },
            Proxy = proxy,
            IpFamily = CommonFields.ReadIpFamily(values),
            MaxLatencyMs = values.Number("max_latency_ms"),
            WarnLatencyMs = values.Number("warn_latency_ms"),
            MaxBodyBytes = values.Int("max_body_bytes") ?? DefaultMaxBodyBytes,
            Tls = TlsConfig.Read(values, defaultOn: true),
            Secrets = ReadSecrets(values, uri, headers, authorization, proxy),
        };
    }

    private static string? ReadAuthorization(ConfigValues values, Uri uri)
    {
        if (values.Text("bearer_token") is { } token)
        {
            return $"Bearer {token}";
        }

        if (values.Text("username") is { } user)
        {
            return Basic(user, values.Text("password") ?? "");
        }

        return HttpPlace.Login(uri) is { } login ? Basic(login.UserName, login.Password) : null;
    }

    internal static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static JsonExpectation[] ReadJson(ConfigValues values) =>
        values.Object("expect_json") is not null
            ? [.. values.Raw("expect_json")!.Value.EnumerateObject().Select(line => new JsonExpectation(JsonPath.Parse(line.Name)!, line.Value.GetRawText()))]
            : [];

    private static IReadOnlyList<string> ReadSecrets(
        ConfigValues values, Uri uri, IReadOnlyList<KeyValuePair<string, string>> headers, string? authorization, HttpProxy? proxy)
    {
        var secrets = new List<string?>
        {
            values.Text("password"),
            values.Text("bearer_token"),
            HttpPlace.Login(uri)?.Password,
            authorization?[(authorization.IndexOf(' ', StringComparison.Ordinal) + 1)..],
            proxy?.Authorization?["Basic ".Length..],
        };
        secrets.AddRange(headers.Where(header => SecretUrl.IsCredentialName(header.Key)).Select(header => header.Value));
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && SecretUrl.IsCredentialName(pair[..equals]))
            {
                secrets.Add(pair[(equals + 1)..]);
                secrets.Add(Uri.UnescapeDataString(pair[(equals + 1)..]));
            }
        }

        return secrets.TrueForAll(secret => string.IsNullOrEmpty(secret)) ? [] : [.. secrets.Where(secret => !string.IsNullOrEmpty(secret)).Distinct()!];
    }
}

/// <summary>Which HTTP is spoken.</summary>
public enum HttpVersionChoice
{
    /// <summary>Over TLS what the server prefers of 2 and 1.1, else 1.1.</summary>
    Auto,
    V11,
    V2,
}

/// <summary>An HTTP proxy: plain requests pass through it, https in a tunnel.</summary>
/// <param name="Authorization">The whole <c>Proxy-Authorization</c> value, or null.</param>
public sealed record HttpProxy(string Host, int Port, string? Authorization)
{
    public static HttpProxy From(Uri uri) =>
        new(uri.IdnHost, uri.Port, HttpPlace.Login(uri) is { } login ? HttpConfig.Basic(login.UserName, login.Password) : null);
}
