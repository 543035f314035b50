using System.Buffers;
using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Http;

public sealed partial record HttpConfig
{
    private const int MaxBodyLimit = 16 * 1024 * 1024;

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Headers that say where the message ends or what the connection is for: the probe's own business.</summary>
    private static readonly string[] OwnHeaders =
        ["connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-connection", "proxy-authorization", "expect"];

    public static readonly ObjectSchema Schema = new(
        new Field("url", new TextRule(1, 4096) { Check = TextChecks.HttpUrl, Format = "uri", IsUrl = true })
        {
            Required = true,
            DirectsSecrets = true,
            Description = new("The URL to ask for.", "要请求的 URL。"),
        },
        new Field("method", new TextRule { OneOf = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] })
        {
            Default = "\"GET\"",
            Description = new("Request method.", "请求方法。"),
        },
        new Field("headers", new MapRule(new TextRule(0, 8192), 100, HeaderNameProblem, SecretUrl.IsCredentialName))
        {
            Default = "{}",
            Description = new("Request headers by name; values of headers named like credentials are secrets.", "请求头；名称类似凭据的请求头的值会作为机密保存。"),
        },
        new Field("body", new TextRule(0, 262_144, Multiline: true)) { Description = new("Request body, sent as UTF-8.", "请求正文，以 UTF-8 发送。") },
        new Field("username", new TextRule(1, 256) { Check = UserProblem })
        {
            DirectsSecrets = true,
            Description = new("User of basic authentication.", "基本认证的用户名。"),
        },
        new Field("password", new TextRule(1, 4096)) { Secret = true, Description = new("Password of basic authentication.", "基本认证的密码。") },
        new Field("bearer_token", new TextRule(1, 8192) { Check = TokenProblem })
        {
            Secret = true,
            Description = new("Token sent as Authorization: Bearer.", "作为 Authorization: Bearer 发送的令牌。"),
        },
        new Field("expect_status", new TextRule(1, 200) { Check = StatusRanges.Problem })
        {
            Default = "\"200-299\"",
            Description = new("Status codes that are fine: a list of codes and ranges, like 200-299,301.", "视为正常的状态码：状态码或范围的列表，例如 200-299,301。"),
        },
        new Field("expect_body_contains", new TextRule(1, 4096, Multiline: true)) { Description = new("Text that the body must contain.", "正文必须包含的文本。") },
        new Field("expect_body_not_contains", new TextRule(1, 4096, Multiline: true)) { Description = new("Text that the body must not contain.", "正文不得包含的文本。") },
        CommonFields.Pattern("expect_body_regex", new("Regular expression that the body must match.", "正文必须匹配的正则表达式。")),
        new Field("expect_header", new MapRule(new TextRule(1, 2000) { Check = TextChecks.Pattern, Format = "regex" }, 50, TokenNameProblem))
        {
            Description = new("Regular expressions that headers of the answer must match, by name.", "应答头必须匹配的正则表达式（按名称）。"),
        },
        new Field("expect_json", new JsonExpectationsRule(50))
        {
            Description = new("Values that the JSON body must hold, by path: {\"$.status\": \"UP\"}.", "JSON 正文中各路径必须等于的值：{\"$.status\": \"UP\"}。"),
        },
        new Field("follow_redirects", new BooleanRule())
        {
            Default = "true",
            Description = new("Follow up to 10 redirects; false: the redirect itself is judged.", "最多跟随 10 次重定向；false 则判断重定向应答本身。"),
        },
        new Field("http_version", new TextRule { OneOf = ["auto", "1.1", "2"] }) { Default = "\"auto\"", Description = new("HTTP version.", "HTTP 版本。") },
        new Field("proxy_url", new TextRule(1, 4096) { Check = ProxyProblem, Format = "uri", IsUrl = true })
        {
            DirectsSecrets = true,
            Description = new("HTTP proxy to go through: http://host:port.", "要经过的 HTTP 代理：http://主机:端口。"),
        },
        CommonFields.IpFamily,
        CommonFields.MaxLatency,
        CommonFields.WarnLatency,
        new Field("max_body_bytes", new IntegerRule(0, MaxBodyLimit))
        {
            Default = "1048576",
            Description = new("Failure when the body is longer than this; no more is read.", "正文超过此字节数即为失败，且不再读取。"),
        },
        TlsConfig.Field(defaultOn: true));

    /// <summary>What no single field can know. Runs beside the schema, so that every problem is told at once.</summary>
    private static void CheckTogether(JsonElement config, List<FieldError> errors)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var hasUser = CommonFields.TextOrNull(config, "username") is not null;
        if (hasUser && CommonFields.TextOrNull(config, "bearer_token") is not null)
        {
            errors.Add(FieldError.At("bearer_token", "cannot be used together with username", "不能与 username 同时使用"));
        }

        if (!hasUser && CommonFields.TextOrNull(config, "password") is not null)
        {
            errors.Add(FieldError.At("username", "is required with password", "填写 password 时必填"));
        }

        if (CommonFields.TextOrNull(config, "url") is { } url && url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)
            && config.TryGetProperty("tls", out var tls) && tls.ValueKind == JsonValueKind.False)
        {
            errors.Add(FieldError.At("tls", "cannot be false for an https URL; use {\"verify\": false} to skip the check", "https 地址不能设为 false；如需跳过校验请用 {\"verify\": false}"));
        }
    }

    private static LocalizedText? TokenNameProblem(string name) =>
        name.Length is > 0 and <= 200 && !name.AsSpan().ContainsAnyExcept(TokenCharacters)
            ? null
            : new LocalizedText("is not a header name", "不是有效的请求头名称");

    private static LocalizedText? HeaderNameProblem(string name) =>
        OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? new LocalizedText("is set by the probe itself", "由探测器自行设置")
            : TokenNameProblem(name);

    private static LocalizedText? UserProblem(string user) =>
        user.Contains(':', StringComparison.Ordinal) ? new LocalizedText("must not contain a colon", "不能包含冒号") : null;

    private static LocalizedText? TokenProblem(string token) =>
        token.AsSpan().ContainsAnyExceptInRange('!', '~') ? new LocalizedText("must be printable ASCII without spaces", "必须是不含空格的可打印 ASCII 字符") : null;

    private static LocalizedText? ProxyProblem(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "http" && uri.Host.Length > 0 && uri.PathAndQuery == "/"
            ? null
            : new LocalizedText("must be http://host:port", "必须是 http://主机:端口");
}
