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
}
