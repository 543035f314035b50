using System.Text.Json;
using Monitor.Core.Probing;

namespace Monitor.Storage.Codecs;

/// <summary>A result as columns: what open rows and blocks both hold.</summary>
/// <param name="At">Microseconds since 1970 UTC.</param>
/// <param name="Flags">See <see cref="FlagsOf"/>.</param>
/// <param name="Origin">Which silo and zone, by number.</param>
/// <param name="Details">Warnings and notes as JSON; null without any.</param>
internal readonly record struct StoredResult(long At, int Flags, long LatencyMicros, long Origin, string Message, string? Details, ProbeMetrics Metrics)
{
    private const int Warned = 1 << 8;

    public ProbeOutcome Outcome => (ProbeOutcome)(Flags & 3);

    public bool HasWarnings => (Flags & Warned) != 0;

    /// <summary>Says something about the target: neither late nor skipped.</summary>
    public bool IsConclusive => Outcome is ProbeOutcome.Ok or ProbeOutcome.Failed;

    /// <summary>Outcome: bits 0-1, stage + 1 (0: none): bits 2-5, trigger: bits 6-7, has warnings: bit 8.</summary>
    public static int FlagsOf(CheckRecord record) =>
        (int)record.Outcome
        | (record.Stage is { } stage ? ((int)stage + 1) << 2 : 0)
        | ((int)record.Trigger << 6)
        | (record.Warnings.Count > 0 ? Warned : 0);

    public static string? DetailsOf(CheckRecord record) =>
        record.Warnings.Count == 0 && record.Notes.Count == 0
            ? null
            : JsonSerializer.Serialize([[.. record.Warnings], [.. record.Notes]], StoreJson.Default.StringArrayArray);

    public static StoredResult Of(CheckRecord record, long origin) => new(
        Micros.Of(record.CheckedAt), FlagsOf(record), Micros.Of(record.Latency), origin, record.Message, DetailsOf(record), record.Metrics);

    public CheckRecord ToRecord(long targetId, (string Silo, string Zone) origin)
    {
        var details = Details is null ? null : JsonSerializer.Deserialize(Details, StoreJson.Default.StringArrayArray);
        var stage = (Flags >> 2) & 15;
        return new CheckRecord
        {
            TargetId = targetId,
            CheckedAt = Micros.ToTime(At),
            Outcome = Outcome,
            Stage = stage == 0 ? null : (FailureStage)(stage - 1),
            Latency = Micros.ToSpan(LatencyMicros),
            Message = Message,
            Warnings = details is { Length: > 0 } ? details[0] : [],
            Notes = details is { Length: > 1 } ? details[1] : [],
            Metrics = Metrics,
            Trigger = (ProbeTrigger)((Flags >> 6) & 3),
            Silo = origin.Silo,
            Zone = origin.Zone,
        };
    }
}
