using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Tcp;

/// <summary>What <c>tcp</c> is told.</summary>
public sealed record TcpConfig
{
    public required string Host { get; init; }
    public required int Port { get; init; }
    public IpFamily IpFamily { get; init; }

    /// <summary>The bytes to send after connecting, escapes resolved; null: nothing.</summary>
    public byte[]? Send { get; init; }

    public Regex? Expect { get; init; }
    public TlsConfig? Tls { get; init; }
    public double? MaxLatencyMs { get; init; }
    public double? WarnLatencyMs { get; init; }

    public static readonly ObjectSchema Schema = new(
        CommonFields.Host(directsSecrets: true),
        CommonFields.Port(directsSecrets: true),
        CommonFields.IpFamily,
        new Field("send", new TextRule(1, 4096, Multiline: true) { Check = TextEscapes.Problem })
        {
            Description = new("Text to send after connecting; \\r \\n \\t \\0 \\\\ and \\xNN are escapes.", "连接后发送的文本；支持 \\r \\n \\t \\0 \\\\ 与 \\xNN 转义。"),
        },
        CommonFields.Pattern("expect_regex", new("Regular expression that the first 4 KiB of the answer must match.", "应答的前 4 KiB 必须匹配的正则表达式。")),
        TlsConfig.Field(),
        CommonFields.MaxLatency,
        CommonFields.WarnLatency);

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        TlsConfig.Check(config, errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var read = new TcpConfig
        {
            Host = values.Text("host")!,
            Port = values.Int("port")!.Value,
            IpFamily = CommonFields.ReadIpFamily(values),
            Send = values.Text("send") is { } text ? TextEscapes.Bytes(text) : null,
            Expect = values.Text("expect_regex") is { } pattern ? CommonFields.Compile(pattern) : null,
            Tls = TlsConfig.Read(values),
            MaxLatencyMs = values.Number("max_latency_ms"),
            WarnLatencyMs = values.Number("warn_latency_ms"),
        };
        return ConfigReading.Accepted(read, CommonFields.HostAndPort(read.Host, read.Port));
    }
}
