using System.Text.Json;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Ping;

/// <summary>What <c>ping</c> is told. Percentages 0-100, sizes in bytes of payload, intervals in milliseconds.</summary>
public sealed record PingConfig
{
    /// <summary>The payload carries a mark of its own to tell our answers from others'.</summary>
    public const int MinPacketSize = 8;

    public required string Host { get; init; }
    public IpFamily IpFamily { get; init; }
    public int Count { get; init; } = 3;
    public int PacketIntervalMs { get; init; } = 200;
    public int PacketSize { get; init; } = 56;
    public double MaxLossPercent { get; init; } = 99;
    public double WarnLossPercent { get; init; } = 50;
    public double? MaxLatencyMs { get; init; }
    public double? WarnLatencyMs { get; init; }

    public static readonly ObjectSchema Schema = new(
        CommonFields.Host(directsSecrets: false),
        CommonFields.IpFamily,
        new Field("count", new IntegerRule(1, 100)) { Default = "3", Description = new("How many packets to send.", "发送的数据包数量。") },
        new Field("packet_interval_ms", new IntegerRule(1, 10_000))
        {
            Default = "200",
            Description = new("Milliseconds between packets.", "数据包之间的毫秒数。"),
        },
        new Field("packet_size", new IntegerRule(MinPacketSize, 65_000)) { Default = "56", Description = new("Bytes of payload.", "负载字节数。") },
        new Field("max_loss_percent", new NumberRule(0, 100))
        {
            Default = "99",
            Description = new("Failure when more than this is lost; 99: one answer is up.", "丢包率超过此值即为失败；99 表示有一个应答即为正常。"),
        },
        new Field("warn_loss_percent", new NumberRule(0, 100))
        {
            Default = "50",
            Description = new("Warning when more than this is lost.", "丢包率超过此值即为警告。"),
        },
        CommonFields.MaxLatency with { Description = new("Failure when the average is longer than this, in milliseconds.", "平均耗时超过此毫秒数即为失败。") },
        CommonFields.WarnLatency with { Description = new("Warning when the average is longer than this, in milliseconds.", "平均耗时超过此毫秒数即为警告。") });

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var read = new PingConfig
        {
            Host = values.Text("host")!,
            IpFamily = CommonFields.ReadIpFamily(values),
            Count = values.Int("count") ?? 3,
            PacketIntervalMs = values.Int("packet_interval_ms") ?? 200,
            PacketSize = values.Int("packet_size") ?? 56,
            MaxLossPercent = values.Number("max_loss_percent") ?? 99,
            WarnLossPercent = values.Number("warn_loss_percent") ?? 50,
            MaxLatencyMs = values.Number("max_latency_ms"),
            WarnLatencyMs = values.Number("warn_latency_ms"),
        };
        return ConfigReading.Accepted(read, read.Host);
    }
}
