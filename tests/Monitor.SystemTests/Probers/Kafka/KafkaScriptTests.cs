using System.Buffers.Binary;
using System.Net;
using System.Text;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Kafka;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>What real brokers do not do on command, and what is no broker at all.</summary>
public sealed class KafkaScriptTests
{
    private static readonly short[] Away = [KafkaError.CoordinatorLoading, KafkaError.CoordinatorNotAvailable, KafkaError.NotCoordinator];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Answers_are_understood_whole_and_in_pieces_over_one_connection(int piece)
    {
        await using var broker = KafkaScript.Healthy(piece);
        var result = await KafkaBench.OnceAsync(Group(broker));
        result.Healthy();
        Assert.Equal(3, result.Number("lag"));
        Assert.Equal(1, broker.Connections);
    }

    [Fact]
    public async Task A_coordinator_that_is_not_ready_is_asked_again_within_the_time_there_is()
    {
        foreach (var error in Away)
        {
            await using var broker = KafkaScript.Healthy();
            broker.On(KafkaApi.FindCoordinator, asked => broker.Coordinator(asked < 3 ? KafkaError.CoordinatorNotAvailable : (short)0));
            var fetched = "00000000" + "00000000";
            var good = Convert.FromHexString("00000000" + "00000001" + "00066f7264657273" + "00000001" + "00000000" + "0000000000000007" + "ffff" + "0000" + "0000");
            broker.On(KafkaApi.OffsetFetch, asked => asked < 3 ? Convert.FromHexString(fetched + error.ToString("x4", null)) : good);
            (await KafkaBench.OnceAsync(Group(broker))).Healthy();
            Assert.Equal(1, broker.Connections);
        }
    }

    [Fact]
    public async Task One_that_never_gets_ready_is_named_before_the_deadline()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.FindCoordinator, _ => broker.Coordinator(KafkaError.CoordinatorNotAvailable));
        (await KafkaBench.OnceAsync(Group(broker), 4)).FailedWith(FailureStage.Protocol, "group billing has no coordinator at present: COORDINATOR_NOT_AVAILABLE (15)");
        broker.On(KafkaApi.FindCoordinator, _ => broker.Coordinator(0));
        broker.On(KafkaApi.OffsetFetch, "00000000" + "00000000" + "000e");
        (await KafkaBench.OnceAsync(Group(broker), 4)).FailedWith(FailureStage.Protocol, "the coordinator of group billing is still loading: COORDINATOR_LOAD_IN_PROGRESS (14)");
        Assert.True(broker.Asked(KafkaApi.OffsetFetch) > 1);
    }

    [Fact]
    public async Task What_a_coordinator_said_is_told_and_not_its_silence_in_the_last_moments()
    {
        await using var broker = KafkaScript.Healthy();

        // It is asked four times a second at most: the tenth time within the last half second of the 2.8 that it is given.
        var loading = Convert.FromHexString("00000000" + "00000000" + "000e");
        broker.On(KafkaApi.OffsetFetch, asked => asked < 10 ? loading : KafkaScript.Silence);
        (await KafkaBench.OnceAsync(Group(broker), 4)).FailedWith(FailureStage.Protocol, "the coordinator of group billing is still loading: COORDINATOR_LOAD_IN_PROGRESS (14)");
    }

    [Fact]
    public async Task A_leader_that_moved_between_metadata_and_offsets_is_looked_for_once_more()
    {
        await using var other = KafkaScript.Healthy();
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.ListOffsets, _ => KafkaScript.Offset(KafkaError.NotLeader, -1));
        var before = Convert.FromHexString("00000000" + broker.Brokers(other.Port) + "ffff" + "00000000" + KafkaScript.Topic("0000", "00000000"));
        var after = Convert.FromHexString("00000000" + broker.Brokers(other.Port) + "ffff" + "00000000" + KafkaScript.Topic("0000", "00000001"));
        broker.On(KafkaApi.Metadata, asked => asked < 3 ? before : after);
        other.On(KafkaApi.Metadata, _ => after);
        var result = await KafkaBench.OnceAsync(Group(broker));
        result.Healthy();
        Assert.Equal(3, result.Number("lag"));
        Assert.Equal(2, other.Asked(KafkaApi.ListOffsets));
    }

    [Fact]
    public async Task A_leader_that_keeps_moving_is_a_failure_that_names_the_partition()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.ListOffsets, _ => KafkaScript.Offset(KafkaError.NotLeader, -1));
        (await KafkaBench.OnceAsync(Group(broker))).FailedWith(FailureStage.Protocol, "orders/0: NOT_LEADER_OR_FOLLOWER (6)");
        Assert.Equal(4, broker.Asked(KafkaApi.ListOffsets));
    }

    [Fact]
    public async Task An_advertised_address_that_leads_nowhere_is_named()
    {
        await using var broker = KafkaScript.Healthy();
        var closed = ProbeBench.ClosedPort();
        broker.On(KafkaApi.Metadata, _ => Convert.FromHexString("00000000" + broker.Brokers(closed) + "ffff" + "00000000" + KafkaScript.Topic("0000", "00000001")));
        var lagging = await KafkaBench.OnceAsync(Group(broker));
        Assert.Equal(
            $"connect: broker 1 advertised as 127.0.0.1:{closed}, the leader of 1 partition (orders/0): connection refused (127.0.0.1:{closed})", lagging.Message);
        var clustered = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { broker.Address } });
        clustered.Warned($"broker 1 cannot be reached at its advertised address 127.0.0.1:{closed}: connect: connection refused");
        Assert.Equal(1, clustered.Number("brokers"));
    }

    [Fact]
    public async Task The_outbound_rules_hold_for_advertised_addresses_too()
    {
        await using var broker = KafkaScript.Healthy();
        var forbidden = "0000000200000000" + "0009" + "3132372e302e302e31" + broker.Port.ToString("x8", null) + "ffff" + "00000001" + "000f" + Convert.ToHexString("169.254.169.254"u8) + "00000050" + "ffff";
        broker.On(KafkaApi.Metadata, _ => Convert.FromHexString("00000000" + forbidden + "ffff" + "00000000" + KafkaScript.Topic("0000", "00000001")));
        (await KafkaBench.OnceAsync(Group(broker))).FailedWith(
            FailureStage.Connect, "broker 1 advertised as 169.254.169.254:80, the leader of 1 partition (orders/0): not allowed: 169.254.169.254 is denied by default");
        var policy = new OutboundPolicy([], [IPNetwork.Parse("127.0.0.0/8")]);
        (await KafkaBench.OnceAsync(Group(broker), policy: policy)).FailedWith(FailureStage.Connect, "not allowed: 127.0.0.1 is denied by Outbound:Deny");
    }

    [Fact]
    public async Task No_controller_is_a_failure()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.Metadata, _ => Convert.FromHexString("00000000" + broker.Brokers() + "ffff" + "ffffffff" + KafkaScript.Topic("0000", "00000000")));
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { broker.Address } })).FailedWith(FailureStage.Assertion, "the cluster has no controller");
    }

    [Fact]
    public async Task A_broker_that_is_too_old_is_told_what_it_lacks()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.ApiVersions, "0000" + "00000004" + "000200000001" + "000300000002" + "000900000003" + "000a00000001");
        (await KafkaBench.OnceAsync(Group(broker))).FailedWith(FailureStage.Protocol, "the broker takes ListOffsets 0-1, version 2 is needed (Kafka 0.11 or newer)");
    }

    [Fact]
    public async Task An_unsupported_mechanism_is_answered_with_the_brokers_list()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.SaslHandshake, "0021" + "00000002" + "0006" + "475353415049" + "000b" + "4f41555448424541524552");
        (await KafkaBench.OnceAsync(Login(broker))).FailedWith(FailureStage.Authentication, "does not offer SCRAM-SHA-256; it offers \"GSSAPI, OAUTHBEARER\"");
    }

    [Fact]
    public async Task A_server_that_does_not_know_the_password_is_not_believed()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.SaslHandshake, "0000" + "00000000");
        broker.On(KafkaApi.SaslAuthenticate, _ => Authenticated("r=someone-elses,s=W22Z,i=4096"));
        (await KafkaBench.OnceAsync(Login(broker))).FailedWith(FailureStage.Authentication, "nonce does not continue the probe's");
        broker.On(KafkaApi.SaslAuthenticate, _ => null);
        (await KafkaBench.OnceAsync(Login(broker))).FailedWith(FailureStage.Authentication, "closed the connection during the login");
    }

    [Fact]
    public async Task A_refusal_that_repeats_the_password_is_redacted()
    {
        await using var broker = KafkaScript.Healthy();
        broker.On(KafkaApi.SaslHandshake, "0000" + "00000000");
        var text = "no such password: pa55-word"u8;
        var refusal = "003a" + text.Length.ToString("x4", null) + Convert.ToHexString(text) + "00000000";
        broker.On(KafkaApi.SaslAuthenticate, refusal);
        var result = await KafkaBench.OnceAsync(Login(broker));
        result.FailedWith(FailureStage.Authentication, "no such password: ******");
    }

    [Theory]
    [InlineData("485454502f312e312034303020426164", "an HTTP server answered on this port")]
    [InlineData("15030100020246", "it speaks TLS on this port; set tls")]
    [InlineData("2d45525220756e6b6e6f776e", "a Redis server answered on this port")]
    [InlineData("7fffffff00000001", "announced an answer of 2147483647 bytes")]
    [InlineData("8000000000000001", "announced an answer of -2147483648 bytes")]
    [InlineData("0000000200000001", "announced an answer of 2 bytes")]
    [InlineData("0000000a12345678000000000000", "answered another request than ApiVersions")]
    [InlineData("0000000800000001002300ff", "an answer to ApiVersions that is not one of Kafka")]
    [InlineData("000000", "(in the middle of it: 3 bytes had come)")]
    [InlineData("", "connection closed by the server while waiting for an answer to ApiVersions")]
    public async Task What_is_no_broker_is_named(string hex, string words)
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.ReadExactlyAsync(new byte[22], token);
            await stream.WriteAsync(Convert.FromHexString(hex), token);
        });
        var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{server.Port}" } }, 5);
        result.FailedWith(FailureStage.Protocol, words);
    }

    [Fact]
    public async Task Silence_and_one_byte_a_second_are_timeouts_within_the_deadline()
    {
        await using var silent = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        await using var dripping = ScriptedServer.Start(async (stream, token) =>
        {
            foreach (var one in Convert.FromHexString("00000010" + "00000001" + "0000"))
            {
                await stream.WriteAsync(new[] { one }, token);
                await Monitor.Tests.Shared.Eventually.NothingForAsync(TimeSpan.FromSeconds(0.3), token);
            }
        });
        foreach (var server in (ScriptedServer[])[silent, dripping])
        {
            var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{server.Port}" } }, 1);
            result.FailedWith(FailureStage.Timeout, $"an answer to ApiVersions from 127.0.0.1:{server.Port} did not come within 1 s");
        }
    }

    [Fact]
    public async Task An_endless_answer_takes_no_more_memory_than_has_come()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.ReadExactlyAsync(new byte[22], token);
            var head = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(head, BrokerLink.MaxAnswer);
            head[7] = 1;
            await stream.WriteAsync(head, token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var least = await Allocations.LeastAsync(BrokerLink.MaxAnswer / 2, async () =>
        {
            var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{server.Port}" } }, 0.5);
            Assert.Equal(FailureStage.Timeout, result.Stage);
        });
        Assert.InRange(least, 0, BrokerLink.MaxAnswer / 2);
    }

    [Fact]
    public async Task An_answer_of_random_bytes_is_a_failure_whatever_it_was_to()
    {
        var random = new Random(4);
        foreach (var api in (KafkaApi[])[KafkaApi.ApiVersions, KafkaApi.Metadata, KafkaApi.FindCoordinator, KafkaApi.OffsetFetch, KafkaApi.DescribeGroups, KafkaApi.ListOffsets])
        {
            await using var broker = KafkaScript.Healthy();
            var bytes = new byte[9];
            for (var round = 0; round < 20; round++)
            {
                random.NextBytes(bytes);
                bytes[4] |= 0x40;
                var answer = bytes.ToArray();
                broker.On(api, _ => answer);
                Assert.NotEqual(ProbeOutcome.Ok, (await KafkaBench.OnceAsync(Group(broker), 2)).Outcome);
            }
        }
    }

    private static byte[] Authenticated(string message)
    {
        var bytes = Encoding.ASCII.GetBytes(message);
        return Convert.FromHexString("0000" + "ffff" + bytes.Length.ToString("x8", null) + Convert.ToHexString(bytes));
    }

    private static object Group(KafkaScript broker) => new { bootstrap_servers = new[] { broker.Address }, consumer_group = "billing" };

    private static object Login(KafkaScript broker) =>
        new { bootstrap_servers = new[] { broker.Address }, sasl_mechanism = "SCRAM-SHA-256", username = "monitor", password = "pa55-word" };
}
