using System.Text.Json;
using System.Text.Json.Serialization;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Reserve;

/// <summary>One thing that was kept for a start without the store. What is null says nothing.</summary>
internal sealed record ReserveRecord
{
    private const int Newest = 1;

    public int Format { get; init; } = Newest;

    /// <summary>All records before it count no more.</summary>
    public bool Begins { get; init; }

    public ReserveStore? Store { get; init; }

    public ReserveCluster? Cluster { get; init; }

    /// <summary>As they were read; the newer of two states, and the newer of two settings, counts.</summary>
    public IReadOnlyList<StoredTarget>? Targets { get; init; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Channel>? Channels { get; init; }

    /// <summary>All of them, by their hashes.</summary>
    public IReadOnlyList<ApiToken>? Tokens { get; init; }

    /// <summary>What the store has confirmed; without results.</summary>
    public CommitBatch? Commit { get; init; }

    public IReadOnlyList<SendSlot>? Sends { get; init; }

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ReserveJson.Default.ReserveRecord);

    /// <summary>Null for what cannot be read, or is of a newer version.</summary>
    public static ReserveRecord? Decode(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, ReserveJson.Default.ReserveRecord) is { Format: <= Newest } record ? record : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <param name="Place">Which store.</param>
/// <param name="Secret">The installation's.</param>
internal sealed record ReserveStore(string Place, byte[] Secret);

/// <summary>What this silo was in the cluster.</summary>
/// <param name="Held">The rights that it had.</param>
internal sealed record ReserveCluster(long Silo, ClusterView View, IReadOnlyList<Fence> Held);

// Nulls only are left out: a required property that has its default value must still be there.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(JournalCodec.HealthStateConverter), typeof(ProbeMetricsConverter)])]
[JsonSerializable(typeof(ReserveRecord))]
internal sealed partial class ReserveJson : JsonSerializerContext;
