using Monitor.Core.Text;

namespace Monitor.Grains.Runtime;

/// <summary>How this silo runs its targets.</summary>
public sealed record GrainsOptions
{
    /// <summary>The language of messages that this silo words.</summary>
    public Language Language { get; init; } = Language.Chinese;

    /// <summary>Probes of one type that may be under way at once; null: as many as the limit on open files allows.</summary>
    public int? ProbesPerType { get; init; }

    /// <summary>How long a stop waits for probes that are under way before it drops them.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(3);
}
