using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Grains.Reserve;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Reserve;

public sealed class ReserveTests
{
    private static readonly DateTimeOffset Start = StoreExamples.Start;
    private readonly FakeFiles _files = new();

    [Fact]
    public void What_was_kept_comes_back_after_a_kill_with_the_newest_state_of_each_target()
    {
        var log = Log();
        log.Begin(new ReserveState().Whole(_ => true, Start));
        log.Append(
        [
            new ReserveRecord { Store = new ReserveStore("db", [1, 2, 3]) },
            new ReserveRecord { Cluster = new ReserveCluster(7, View(), [new Fence(3, 7, 12, 1)]) },
            new ReserveRecord { Targets = [Stored(1, 5), Stored(2, 0)], Channels = [Channel()], Tokens = [new ApiToken(4, "ci", Role.Viewer, "hash", null, Start, null)] },
            new ReserveRecord { Commit = Batch([Write(1, 5, HealthStatus.Unhealthy) with { Memory = new byte[] { 9 } }]) },
            new ReserveRecord { Commit = Batch([], new DeliveryWrite([], [new SendSlot("robot", "m1", Start, Start)])) },
        ]);

        var state = Log().Read();
        Assert.Equal([1, 2, 3], state.Store!.Secret);
        Assert.Equal(new Fence(3, 7, 12, 1), Assert.Single(state.Cluster!.Held));
        Assert.Equal((12L, "http://10.0.0.7:8080"), (state.Cluster.View.Shards[3].Epoch, state.Cluster.View.Silos[0].Address));
        Assert.Equal((6L, HealthStatus.Unhealthy, (byte)9), (state.Targets[1].Version, state.Targets[1].State!.Status, state.Targets[1].Memory.Span[0]));
        Assert.Equal("""{"url":"http://u:secret@h/"}""", state.Targets[1].Target.Settings.Config);
        Assert.False(state.Targets[2].Target.Settings.Enabled);
        Assert.Equal("https://robot/send?key=secret", Assert.Single(state.Channels).Settings.WebhookUrl);
        Assert.Equal("hash", Assert.Single(state.Tokens).Hash);
        Assert.Equal("m1", Assert.Single(state.Sends).MessageId);
        Assert.DoesNotContain("secret", string.Concat(_files.Files.Values.Select(file => System.Text.Encoding.Latin1.GetString(file))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_that_is_older_than_a_commit_does_not_bring_the_old_state_back_nor_an_old_edit()
    {
        var state = new ReserveState();
        state.Take(new ReserveRecord { Targets = [Stored(1, 5)] });
        state.Take(new ReserveRecord { Commit = Batch([Write(1, 5, HealthStatus.Unhealthy)]) });
        state.Take(new ReserveRecord { Targets = [Stored(1, 5, revision: 2)] });
        Assert.Equal((6L, HealthStatus.Unhealthy, 2L), (state.Targets[1].Version, state.Targets[1].State!.Status, state.Targets[1].Target.Revision));
        state.Take(new ReserveRecord { Targets = [Stored(1, 9, revision: 1)] });
        Assert.Equal((9L, HealthStatus.Healthy, 2L), (state.Targets[1].Version, state.Targets[1].State!.Status, state.Targets[1].Target.Revision));
    }

    [Fact]
    public void The_journal_goes_on_from_there_and_what_it_has_told_is_not_open()
    {
        var state = new ReserveState();
        state.Take(new ReserveRecord { Targets = [Stored(1, 5), Stored(2, 1)] });
        state.Take(new ReserveRecord { Commit = Batch([Fires(2, 1, 1)]) });
        state.TakeKept(Batch([Fires(1, 5, 3)]));
        state.TakeKept(Batch([], new DeliveryWrite([Row(1, 3) with { Status = DeliveryStatus.Sending }], [])));
        Assert.Equal((6L, 2L), (state.Targets[1].Version, state.Targets[2].Version));
        var open = Assert.Single(state.Open);
        Assert.Equal((DeliveryStatus.Sending, 1L, 3), (open.Delivery.Status, open.Alert.TargetId, open.Alert.Episode));

        state.TakeKept(Batch([], new DeliveryWrite([Row(1, 3) with { Status = DeliveryStatus.Sent }], [])));
        Assert.Empty(state.Open);

        // What it holds twice, or was built on a state that is past, changes nothing.
        state.TakeKept(Batch([Write(1, 4, HealthStatus.Healthy)]));
        Assert.Equal((6L, HealthStatus.Unhealthy), (state.Targets[1].Version, state.Targets[1].State!.Status));
    }

    [Fact]
    public void A_file_that_has_grown_begins_anew_without_what_counts_no_more()
    {
        var log = Log();
        log.Begin(new ReserveState().Whole(_ => true, Start));
        log.Append([new ReserveRecord { Store = new ReserveStore("db", [1]) }, new ReserveRecord { Targets = [Stored(1, 0), Stored(2, 0)] }]);
        log.Append([new ReserveRecord { Sends = [new SendSlot("r", "old", Start - TimeSpan.FromHours(1), null), new SendSlot("r", "new", Start, null)] }]);
        for (var version = 0L; !log.IsLong; version += 20_000)
        {
            log.Append([new ReserveRecord { Commit = Batch([.. Enumerable.Range(0, 20_000).Select(step => Write(1, version + step, HealthStatus.Healthy))]) }]);
        }

        var grown = _files.Length;
        var before = log.Read();
        log.Begin(before.Whole(shard => shard == before.Targets[1].Target.Shard, Start));
        Assert.InRange(_files.Length, 1, grown / 100);
        Assert.Single(_files.Files);
        var after = Log().Read();
        Assert.Equal(before.Targets[1].Version, after.Targets[1].Version);
        Assert.Equal(before.Targets[1].Target.Shard == before.Targets[2].Target.Shard ? 2 : 1, after.Targets.Count);
        Assert.Equal("new", Assert.Single(after.Sends).MessageId);
    }

    [Fact]
    public void What_was_kept_of_another_store_or_under_another_key_counts_for_nothing()
    {
        var log = Log();
        log.Begin([new ReserveRecord { Begins = true, Store = new ReserveStore("db", [1]) }]);
        Assert.NotNull(Log().Read().Store);
        Assert.Null(Log(place: "other").Read().Store);
        Assert.Null(Log(key: 3).Read().Store);
    }

    [Fact]
    public void A_torn_end_takes_nothing_with_it()
    {
        var log = Log();
        log.Begin([new ReserveRecord { Begins = true, Store = new ReserveStore("db", [1]) }]);
        log.Append([new ReserveRecord { Targets = [Stored(1, 5)] }]);
        log.Append([new ReserveRecord { Targets = [Stored(2, 5)] }]);
        var name = _files.Files.Keys.Single();
        _files.Files[name] = _files.Files[name][..^7];
        Assert.Equal([1], Log().Read().Targets.Keys);
    }

    private ReserveLog Log(string place = "db", byte key = 0x5A) => new(_files, new Sealed(place, key), NullLogger<ReserveLog>.Instance);

    private static ClusterView View() => new(
        1, [new SiloRow(7, "silo-1", "http://10.0.0.7:8080", "z", 44, false, false)], [.. Enumerable.Range(0, ShardMap.Count).Select(shard => new ShardRow(shard, 7, 12, 0, 3))]);

    private static StoredTarget Stored(long id, long version, long revision = 1) => new(
        new Target
        {
            Id = id,
            Shard = ShardMap.Of(id),
            Revision = revision,
            Settings = StoreExamples.Target() with { Config = """{"url":"http://u:secret@h/"}""", Enabled = id == 1 },
            CreatedAt = Start,
            UpdatedAt = Start,
            CreatedBy = "a",
            UpdatedBy = "a",
        },
        version == 0 ? null : StoreExamples.Healthy(Start),
        version,
        default,
        Start,
        Deleted: false);

    private static Channel Channel() => new()
    {
        Id = 3,
        Revision = 1,
        Settings = StoreExamples.Channel() with { WebhookUrl = "https://robot/send?key=secret" },
        CreatedAt = Start,
        UpdatedAt = Start,
        CreatedBy = "a",
        UpdatedBy = "a",
    };

    private static StateWrite Write(long id, long expected, HealthStatus status) =>
        new(id, Target.DefaultLocation, new Fence(ShardMap.Of(id), 7, 12, 1), expected, StoreExamples.Healthy(Start) with { Status = status }, null, [], []);

    private static StateWrite Fires(long id, long expected, int episode) => Write(id, expected, HealthStatus.Unhealthy) with
    {
        Alerts =
        [
            new AlertRecord
            {
                TargetId = id, Episode = episode, TargetName = "n", TargetType = "http", Endpoint = "e", Severity = AlertSeverity.Critical, Message = "m", StartedAt = Start, FiredAt = Start, FailureCount = 3,
            },
        ],
        Deliveries = [Row(id, episode)],
    };

    private static Delivery Row(long id, int episode) => new() { Key = new DeliveryKey(id, episode, DeliveryKind.Firing, 3), CreatedAt = Start };

    private static CommitBatch Batch(IReadOnlyList<StateWrite> states, params IReadOnlyList<DeliveryWrite> deliveries) => new("one/run", 1, [], states, deliveries);

    /// <summary>Not a cipher, but nothing is legible.</summary>
    private sealed class Sealed(string place, byte key) : ISharedStore
    {
        public string Place => place;

        public void OpenLater(byte[] installationSecret) => throw new NotSupportedException();

        public byte[] Seal(ReadOnlySpan<byte> content) => [key, .. content.ToArray().Select(one => (byte)(one ^ key))];

        public byte[]? Unseal(ReadOnlySpan<byte> content) => content[0] == key ? [.. content[1..].ToArray().Select(one => (byte)(one ^ key))] : null;
    }
}
