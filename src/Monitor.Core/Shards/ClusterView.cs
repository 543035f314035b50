using System.Collections.Immutable;

namespace Monitor.Core.Shards;

/// <summary>What one statement (one snapshot) has read of the cluster.</summary>
/// <param name="Timeline">The WAL timeline of the server that was read; above 0.</param>
/// <param name="Silos">Every row that is not dead; dead ones at least while a shard names them, as owner or as who wants it. By id.</param>
/// <param name="Shards">All of them, by number.</param>
public sealed record ClusterView(long Timeline, ImmutableArray<SiloRow> Silos, ImmutableArray<ShardRow> Shards);

/// <param name="Id">Of the row; a process that has been marked dead comes back under another.</param>
/// <param name="Address">Where other silos reach it, e.g. <c>http://10.0.0.7:8080</c>.</param>
/// <param name="Beat">Goes up while it lives; compared with itself only, never with a clock.</param>
/// <param name="Stopping">It is going: it counts for no share and takes nothing.</param>
/// <param name="Dead">Never renewed again.</param>
public sealed record SiloRow(long Id, string Name, string Address, string Zone, long Beat, bool Stopping, bool Dead);

/// <param name="Owner">A silo's row; 0: nobody has ever had it.</param>
/// <param name="Epoch">Goes up with every change of the owner.</param>
/// <param name="WantedBy">Who would take it over; 0: nobody.</param>
/// <param name="Version">
/// Of its targets' settings: raised by every edit (create, update, delete) in the edit's own transaction. It may live in a row of its own, so that edits do not wait for fences.
/// </param>
public readonly record struct ShardRow(int Shard, long Owner, long Epoch, long WantedBy, long Version);

/// <param name="Renewed">False: nothing was written; the silo's row is dead, gone, or already at a higher beat. <paramref name="View"/> tells which.</param>
public sealed record BeatAnswer(bool Renewed, ClusterView View);
