using System.Collections.Immutable;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Memory;

/// <summary>What is remembered of the store. Never changes. Targets are without their configs in plain: what is answered from here shows none.</summary>
internal sealed record StorePicture
{
    public ImmutableDictionary<long, TargetRow> Targets { get; init; } = ImmutableDictionary<long, TargetRow>.Empty;

    /// <summary>By id.</summary>
    public ImmutableSortedDictionary<long, Channel> Channels { get; init; } = ImmutableSortedDictionary<long, Channel>.Empty;

    /// <summary>Alerts that were open, newest first.</summary>
    public IReadOnlyList<AlertRow> Open { get; init; } = [];

    /// <summary>How many were open; more than are remembered in a flood.</summary>
    public long OpenTotal { get; init; }

    /// <summary>When states of targets that run elsewhere were read.</summary>
    public DateTimeOffset StatesAt { get; init; }

    /// <summary>Which targets are newer in the store than here, and which are gone from it.</summary>
    public (IReadOnlyList<long> Newer, IReadOnlyList<long> Gone) Behind(ShardEdits edits)
    {
        var present = edits.Targets.Where(one => !one.Deleted).ToDictionary(one => one.TargetId, one => one.Revision);
        var gone = edits.Targets.Where(one => one.Deleted && Targets.ContainsKey(one.TargetId)).Select(one => one.TargetId);
        var whole = edits.Whole.ToHashSet();
        var missing = whole.Count == 0 ? [] : Targets.Values.Where(row => whole.Contains(row.Target.Shard) && !present.ContainsKey(row.Target.Id)).Select(row => row.Target.Id);
        return (
            [.. present.Where(one => !(Targets.GetValueOrDefault(one.Key)?.Target.Revision >= one.Value)).Select(one => one.Key)],
            [.. gone.Union(missing)]);
    }
}
