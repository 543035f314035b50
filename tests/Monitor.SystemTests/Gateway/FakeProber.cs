using System.Text.Json;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Configs.Tcp;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.SystemTests.Gateway;

/// <summary>A prober with every kind of secret: a password, a URL with credentials, a header named like one, one inside a nested object; and the real configs, under names of their own.</summary>
internal sealed class FakeProber(string type, ObjectSchema schema, Func<JsonElement, ConfigReading>? read = null) : IProber
{
    public string Type => type;

    public LocalizedText Name => new(type, "探测 " + type);

    public ObjectSchema Schema => schema;

    public static IProber[] All =>
    [
        new FakeProber("http", HttpSchema),
        new FakeProber("tcp", TcpSchema),
        new FakeProber("x-http", HttpConfig.Schema, HttpConfig.Read),
        new FakeProber("x-tcp", TcpConfig.Schema, TcpConfig.Read),
        new FakeProber("x-ping", PingConfig.Schema, PingConfig.Read),
    ];

    private static readonly ObjectSchema Tls = new(
        new Field("verify", new BooleanRule()) { Default = "true", DirectsSecrets = true },
        new Field("client_key_pem", new TextRule(0, 8192, Multiline: true)) { Secret = true });

    private static readonly ObjectSchema HttpSchema = new(
        new Field("url", new TextRule(1, 2048) { IsUrl = true, Check = TextChecks.HttpUrl }) { Required = true, DirectsSecrets = true },
        new Field("headers", new MapRule(new TextRule(0, 1000), SecretKey: SecretUrl.IsCredentialName)) { Default = "{}" },
        new Field("bearer_token", new TextRule(0, 1000)) { Secret = true },
        new Field("expect_body_regex", new TextRule(1, 1000) { Check = TextChecks.Pattern }),
        new Field("expect_json", new MapRule(new AnyRule())),
        new Field("max_latency_ms", new NumberRule(0, 1e6)),
        new Field("tls", new ObjectRule(Tls, OrBoolean: true)) { Default = "false", DirectsSecrets = true });

    private static readonly ObjectSchema TcpSchema = new(
        new Field("host", new TextRule(1, 253) { Check = TextChecks.Host }) { Required = true, DirectsSecrets = true },
        new Field("port", new IntegerRule(1, 65535)) { Required = true, DirectsSecrets = true },
        new Field("password", new TextRule(0, 1000)) { Secret = true });

    public ConfigReading Read(JsonElement config) => read?.Invoke(config) ?? ReadPlainly(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(ProbeResult.Ok(ProbeMetrics.Empty));

    private ConfigReading ReadPlainly(JsonElement config)
    {
        var errors = new List<FieldError>();
        schema.Validate(config, "", errors);
        var values = new ConfigValues(config);
        return errors.Count > 0
            ? ConfigReading.Refused(errors)
            : ConfigReading.Accepted(config.GetRawText(), values.Text("url") is { } url ? SecretUrl.Masked(url) : $"{values.Text("host")}:{values.Int("port")}");
    }
}
