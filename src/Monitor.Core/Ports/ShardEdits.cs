namespace Monitor.Core.Ports;

/// <summary>What was edited in shards that have moved.</summary>
/// <param name="Targets">As they are now, tombstones included; some may be known already.</param>
/// <param name="Whole">The shards of which all targets are there: what moved them could not be told edit by edit. A target of theirs that is not there is gone.</param>
public sealed record ShardEdits(IReadOnlyList<TargetRevision> Targets, IReadOnlyCollection<int> Whole)
{
    /// <summary>
    /// Puts together what was found of edits, and names the shards of which that is not all: each version between the known one and the one that was seen must have a target that
    /// bears it. One has none where its target was edited again or is gone, where another program edited that notes none, or where a promoted standby has lost it.
    /// </summary>
    public static (IReadOnlyList<TargetRevision> Targets, IReadOnlyList<int> Unexplained) Explain(IReadOnlyCollection<MovedShard> moved, IReadOnlyList<VersionedEdit> found)
    {
        var byShard = found.ToLookup(edit => edit.Shard);
        var targets = new List<TargetRevision>(found.Count);
        var unexplained = new List<int>();
        foreach (var (shard, known, seen) in moved)
        {
            var versions = byShard[shard].Select(edit => edit.Version).Where(version => version > known && version <= seen).Distinct().Count();
            if (known < 0 || seen < known || versions != seen - known)
            {
                unexplained.Add(shard);
            }
            else
            {
                targets.AddRange(byShard[shard].Select(edit => edit.Target));
            }
        }

        return (targets, unexplained);
    }
}

/// <summary>A shard whose version has moved.</summary>
/// <param name="Known">Up to which version its edits are known; below 0: none of them.</param>
/// <param name="Seen">Which version it has by now, at least.</param>
public readonly record struct MovedShard(int Shard, long Known, long Seen);

/// <summary>A target's row with the version that its last edit gave its shard.</summary>
public readonly record struct VersionedEdit(int Shard, long Version, TargetRevision Target);
