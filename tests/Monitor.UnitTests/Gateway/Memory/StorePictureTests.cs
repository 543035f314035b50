using System.Collections.Immutable;
using Monitor.Core.Ports;
using Monitor.Core.Targets;
using Monitor.Gateway.Memory;
using Xunit;

namespace Monitor.UnitTests.Gateway.Memory;

public sealed class StorePictureTests
{
    [Fact]
    public void Only_what_is_newer_in_the_store_is_read_and_only_what_is_gone_from_it_is_forgotten()
    {
        var known = new StorePicture { Targets = new[] { Row(1, 5, 3), Row(2, 5, 3), Row(3, 5, 3), Row(4, 5, 3), Row(5, 6, 3) }.ToImmutableDictionary(row => row.Target.Id) };
        TargetRevision[] stored = [new(1, 3, false), new(2, 4, false), new(3, 4, true), new(7, 1, false), new(8, 2, true)];

        var (newer, gone) = known.Behind(new ShardEdits(stored, [5]));
        Assert.Equal([2, 7], newer.Order());
        Assert.Equal([3, 4], gone.Order());

        // Where only what was edited is told, what is not told is as it was.
        (newer, gone) = known.Behind(new ShardEdits(stored, []));
        Assert.Equal([2, 7], newer.Order());
        Assert.Equal([3], gone);
    }

    private static TargetRow Row(long id, int shard, long revision) => new(
        new Target
        {
            Id = id,
            Shard = shard,
            Revision = revision,
            Settings = new TargetSettings { Name = "n", Type = "tcp", Config = "{}", MaskedConfig = "{}", Endpoint = "a:1" },
            CreatedAt = default,
            UpdatedAt = default,
            CreatedBy = "admin",
            UpdatedBy = "admin",
        },
        null,
        null);
}
