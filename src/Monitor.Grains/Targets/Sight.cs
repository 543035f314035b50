using Monitor.Core.Probing;

namespace Monitor.Grains.Targets;

/// <summary>A target as a silo sees it that is cut off.</summary>
/// <param name="ChannelIds">Who would hear of it.</param>
/// <param name="Seen">What was seen last while this silo only looked; it has fed no state, and says something of the target. Null: nothing yet.</param>
public sealed record Sight(long TargetId, string Name, string Endpoint, IReadOnlyList<long> ChannelIds, CheckRecord? Seen);
