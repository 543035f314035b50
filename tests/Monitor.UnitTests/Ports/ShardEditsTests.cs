using Monitor.Core.Ports;
using Xunit;

namespace Monitor.UnitTests.Ports;

public sealed class ShardEditsTests
{
    [Fact]
    public void Edits_explain_a_version_when_each_step_up_to_it_has_a_target_that_bears_it()
    {
        MovedShard[] moved = [new(1, 4, 6), new(2, 0, 1), new(3, 7, 9), new(4, -1, 2), new(5, 8, 3), new(6, 2, 3)];
        VersionedEdit[] found =
        [
            // Two of one registration share a version; one that came after the view was read is there already.
            Edit(1, 5, 11), Edit(1, 6, 12), Edit(1, 6, 13), Edit(1, 8, 14),
            Edit(2, 1, 21),

            // Edited again since: 8 has nobody.
            Edit(3, 9, 31),

            // Nothing of it was known before; a promoted standby has lost the last ones; an older program noted nothing.
            Edit(4, 1, 41), Edit(4, 2, 42),
        ];
        var (targets, unexplained) = ShardEdits.Explain(moved, found);
        Assert.Equal([11, 12, 13, 14, 21], targets.Select(target => target.TargetId));
        Assert.Equal([3, 4, 5, 6], unexplained);
    }

    private static VersionedEdit Edit(int shard, long version, long id) => new(shard, version, new TargetRevision(id, 1, false));
}
