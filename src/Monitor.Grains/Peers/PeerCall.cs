using System.Text.Json.Serialization;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Grains.Journal;
using Monitor.Grains.Notifying;

namespace Monitor.Grains.Peers;

/// <summary>The calls between silos, by name.</summary>
internal static class PeerCall
{
    public const string Ask = "ask";
    public const string Forward = "forward";
    public const string Probe = "probe";
    public const string Test = "test";
    public const string Report = "report";
    public const string Sights = "sights";
}

/// <param name="Silo">The row that is meant: a process that came after it answers for itself only.</param>
internal sealed record PeerQuestion(long Silo);

internal sealed record OneId(long Id);

/// <param name="Record">Null: the target does not run here.</param>
internal sealed record ProbeAnswer(CheckRecord? Record);

internal sealed record ReportAnswer(DateTimeOffset StartedAt, RuntimeFigures Figures);

/// <param name="Targets">All that run there.</param>
internal sealed record SightsAnswer(IReadOnlyList<SeenTarget> Targets);

internal sealed record SeenTarget(long Id, HealthState State, CheckRecord? Last, bool Unprobed, PastHour? Past = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(JournalCodec.HealthStateConverter), typeof(ProbeMetricsConverter)])]
[JsonSerializable(typeof(PeerQuestion))]
[JsonSerializable(typeof(PeerAnswer))]
[JsonSerializable(typeof(BringCall))]
[JsonSerializable(typeof(BringAnswer))]
[JsonSerializable(typeof(OneId))]
[JsonSerializable(typeof(ProbeAnswer))]
[JsonSerializable(typeof(ChannelTest))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(SightsAnswer))]
internal sealed partial class PeerJson : JsonSerializerContext;
