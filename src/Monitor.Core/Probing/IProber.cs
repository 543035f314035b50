using System.Text.Json;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Probing;

/// <summary>How one kind of service is checked. Holds no state and no connection between probes.</summary>
public interface IProber
{
    /// <summary>The type's name in API and store: <c>http</c>.</summary>
    string Type { get; }

    /// <summary>What people call it.</summary>
    LocalizedText Name { get; }

    /// <summary>The fields of its config: validation, JSON Schema, form and secrets all follow from it.</summary>
    ObjectSchema Schema { get; }

    /// <summary>Reads a config; every problem at once, by path below <c>config</c>. Pure.</summary>
    ConfigReading Read(JsonElement config);

    /// <summary>
    /// One check. The caller owns the deadline (<paramref name="cancellationToken"/> is cancelled at it, or at shutdown) and bounds a prober that ignores it.
    /// A prober that sees its token cancelled may throw <see cref="OperationCanceledException"/>: the caller knows who cancelled and words the timeout;
    /// it does better to answer <see cref="FailureStage.Timeout"/> itself and say what it was waiting for.
    /// </summary>
    ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken);
}

/// <summary>What one check is given.</summary>
/// <param name="Config">What <see cref="IProber.Read"/> made of the target's config.</param>
/// <param name="Memory">What the last probe of this target left, or empty.</param>
/// <param name="Timeout">The whole budget, for messages and for sharing it out between steps.</param>
public readonly record struct ProbeRequest(object Config, ReadOnlyMemory<byte> Memory, TimeSpan Timeout);

/// <summary>The outcome of reading a config: a value to probe with, or errors.</summary>
/// <param name="Config">The prober's own record; null when there are errors.</param>
/// <param name="Endpoint">What a person calls the place, without secrets.</param>
public sealed record ConfigReading(object? Config, string Endpoint, IReadOnlyList<FieldError> Errors)
{
    public static ConfigReading Refused(IReadOnlyList<FieldError> errors) => new(null, "", errors);
    public static ConfigReading Accepted(object config, string endpoint) => new(config, endpoint, []);
}

/// <summary>All probers by type.</summary>
public sealed class ProberCatalog(IEnumerable<IProber> probers)
{
    private readonly Dictionary<string, IProber> _byType = probers.ToDictionary(prober => prober.Type, StringComparer.Ordinal);

    public IReadOnlyCollection<IProber> All => _byType.Values;

    public IProber? Find(string type) => _byType.GetValueOrDefault(type);
}
