using System.Net;
using System.Text;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.SystemTests.Servers.ScriptedCql;

namespace Monitor.SystemTests.Probers;

/// <summary>What real nodes do not do on command, and what servers do that speak another protocol.</summary>
public sealed class CassandraScriptedTests
{
    private const string Password = "org.apache.cassandra.auth.PasswordAuthenticator";

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public async Task A_server_of_one_version_only_is_spoken_to_in_it_whole_or_byte_by_byte(int version, bool split)
    {
        await using var node = ScriptedCql.Node([version], split, Password).Ring(new Row(1));
        var bench = new CassandraBench();
        var config = new { contact_points = new[] { $"127.0.0.1:{node.Port}" }, username = "u", password = "hunter2", query = "SELECT * FROM system.local" };
        var first = await bench.ProbeAsync(config);
        var connections = node.Accepted;
        var second = await bench.ProbeAsync(config);

        Assert.True(first.IsClean, CassandraBench.Told(first));
        Assert.True(second.IsClean, CassandraBench.Told(second));
        Assert.Equal("scripted", first.Metrics["cluster_name"]!.Value.Text);
        Assert.Equal(version == 4 ? 1 : 2, connections);

        // The version is remembered.
        Assert.Equal(1, node.Accepted - connections);
        Assert.Null(second.Memory);
    }

    [Theory]
    [InlineData("Rejecting Protocol Version 4/v4 < 5/v5.", 5)]
    [InlineData("Invalid or unsupported protocol version (4); the lowest supported version is 1 and the greatest is 3", 3)]
    [InlineData("no", 3)]
    public async Task Each_way_of_refusing_a_version_is_understood(string refusal, int version)
    {
        await using var node = ScriptedCql.Node([version], refusal: refusal).Ring(new Row(1));
        var result = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } });
        Assert.True(result.IsClean, CassandraBench.Told(result));
    }

    [Fact]
    public async Task No_version_in_common_is_a_failure_that_quotes_the_server()
    {
        await using var node = ScriptedCql.Node([6]);
        var result = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } });
        Assert.Equal(
            "protocol: no version of the protocol in common (3 to 5 are spoken here): \"Invalid or unsupported protocol version (0); supported versions are (6/v6)\"", result.Message);
    }

    [Fact]
    public async Task Peers_that_disagree_are_warnings_with_their_names()
    {
        await using var second = ScriptedCql.Node();
        await using var third = ScriptedCql.Node();
        third.Greeting = (0x00, Error(0x1001, "Request breached global limit"));
        await using var node = ScriptedCql.Node().Ring(
            new Row(1, Bootstrapped: "IN_PROGRESS"),
            new Row(2, second.Port, Schema: 2, Version: "4.1.3"), new Row(3, third.Port, Ip: "127.0.0.1", Datacenter: "dc2"), new Row(0, third.Port), new Row(3, third.Port));
        node.On("SELECT address, status", 0x08, Rows(
            ["address", "status", "status_with_port", "rpc_ready"],
            [
                [[127, 0, 0, 1], "NORMAL,-1"u8.ToArray(), "NORMAL,-1"u8.ToArray(), "true"u8.ToArray()], [[10, 0, 0, 9], "BOOT,5"u8.ToArray(), null, "true"u8.ToArray()],
                [[10, 0, 0, 8], null, "LEAVING,5"u8.ToArray(), null], [[10, 0, 0, 7], null, "LEFT,5"u8.ToArray(), null],
            ]).Body);
        var result = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } });

        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        var (a, b, c) = ($"127.0.0.1:{node.Port}", $"127.0.0.1:{second.Port}", $"127.0.0.1:{third.Port}");
        Assert.Equal(
            [
                $"schema disagreement: 2 schemas: 00000000-0000-0000-0000-000000000001 ({a}, {c}); 00000000-0000-0000-0000-000000000002 ({b})",
                $"mixed versions: 2 versions: 5.0.6 ({a}, {c}); 4.1.3 ({b})",
                $"{c} is overloaded",
                "10.0.0.9 is joining",
                "10.0.0.8 is leaving",
                $"{a} is joining",
            ],
            result.Warnings);
        Assert.Equal((3, 3, 2), (result.Metrics["nodes"]!.Value.Number, result.Metrics["nodes_up"]!.Value.Number, result.Metrics["schema_versions"]!.Value.Number));
        Assert.Equal([("dc1", 2), ("dc2", 1)], result.Metrics["datacenters"]!.Value.Map!.Select(pair => (pair.Key, pair.Value)));

        var expecting = await new CassandraBench().ProbeAsync(new { contact_points = new[] { a }, expect_version = "5.0" });
        Assert.Equal($"assertion: version 4.1.3 != expect_version 5.0 ({b})", expecting.Message);
    }

    [Fact]
    public async Task A_peer_that_was_never_reached_is_a_note_and_one_that_was_is_down()
    {
        var closed = ProbeBench.ClosedPort();
        var second = ScriptedCql.Node();
        await using var node = ScriptedCql.Node().Ring(new Row(1), new Row(2, second.Port), new Row(3, closed));
        var bench = new CassandraBench();
        var config = new { contact_points = new[] { $"127.0.0.1:{node.Port}" } };
        var before = await bench.ProbeAsync(config);
        await second.DisposeAsync();
        var after = await bench.ProbeAsync(config);
        var min = await bench.ProbeAsync(new { config.contact_points, min_nodes_up = 2 });

        Assert.True(before.IsClean, CassandraBench.Told(before));
        Assert.Equal([$"127.0.0.1:{closed}"], before.Metrics["nodes_unreachable"]!.Value.List);
        Assert.Equal(
            [
                "joining and leaving nodes cannot be told: the user may not read system_views.gossip_info",
                $"never reached from here, so not judged: 127.0.0.1:{closed} (connect: connection refused (127.0.0.1:{closed}))",
            ],
            before.Notes.Prepend("joining and leaving nodes cannot be told: the user may not read system_views.gossip_info").TakeLast(2));
        Assert.Equal(FailureStage.Assertion, after.Stage);
        Assert.StartsWith($"assertion: 1 of 3 nodes up < min_nodes_up 2 (a majority of the 2 ever reached from here); down: 127.0.0.1:{second.Port} (connect: ", after.Message, StringComparison.Ordinal);
        Assert.Equal([$"127.0.0.1:{second.Port}"], after.Metrics["nodes_down"]!.Value.List);
        Assert.StartsWith($"assertion: 1 of 3 nodes up < min_nodes_up 2; down: 127.0.0.1:{second.Port}", min.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peers_at_addresses_that_the_outbound_rules_deny_are_not_connected_to()
    {
        await using var peer = ScriptedCql.Node();
        await using var node = ScriptedCql.Node().Ring(new Row(1), new Row(2, peer.Port, "127.0.0.1"), new Row(3, 9042, "169.254.169.254"));
        var result = await new CassandraBench(new OutboundPolicy([], [IPNetwork.Parse("127.0.0.9/32")])).ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } });
        Assert.True(result.IsClean, CassandraBench.Told(result));
        Assert.Equal(["169.254.169.254:9042"], result.Metrics["nodes_unreachable"]!.Value.List);
        Assert.Contains("not allowed: 169.254.169.254 is denied by default", Assert.Single(result.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scylla_tells_the_state_of_its_nodes_itself()
    {
        await using var node = ScriptedCql.Node([3, 4], scylla: true).Ring(new Row(1, Ip: "127.0.0.1"), new Row(2, Ip: "127.0.0.2"), new Row(3, Ip: "127.0.0.3"));
        node.On("SELECT peer, up, status", 0x08, Rows(
            ["peer", "up", "status", "host_id"],
            [[[127, 0, 0, 1], [1], "NORMAL"u8.ToArray(), Id(1)], [[127, 0, 0, 2], [1], "NORMAL"u8.ToArray(), Id(2)], [[127, 0, 0, 3], [0], "NORMAL"u8.ToArray(), Id(3)], [[127, 0, 0, 4], [1], "JOINING"u8.ToArray(), Id(4)]]).Body);
        var result = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } });

        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal((3, 2), (result.Metrics["nodes"]!.Value.Number, result.Metrics["nodes_up"]!.Value.Number));
        Assert.Equal([$"127.0.0.3:{node.Port}"], result.Metrics["nodes_down"]!.Value.List);
        Assert.Equal([$"127.0.0.2:{node.Port}"], result.Metrics["nodes_unreachable"]!.Value.List);
        Assert.Collection(
            result.Warnings,
            down => Assert.StartsWith($"1 of 3 nodes down: 127.0.0.3:{node.Port} (connect: ", down, StringComparison.Ordinal),
            joining => Assert.Equal("127.0.0.4 is joining", joining));
    }

    [Fact]
    public async Task A_contact_point_of_another_cluster_is_told()
    {
        await using var stranger = ScriptedCql.Node().Ring(new Row(9, Cluster: "other"));
        await using var node = ScriptedCql.Node().Ring(new Row(1));
        var result = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}", $"127.0.0.1:{stranger.Port}" } });
        Assert.Equal([$"contact point 127.0.0.1:{stranger.Port} is not in this ring: cluster \"other\" answers there"], result.Warnings);
    }

    [Fact]
    public async Task A_contact_point_behind_another_address_is_known_by_its_id_and_missed_under_its_name()
    {
        var second = ScriptedCql.Node().Ring(new Row(2, Ip: "127.0.0.5"));
        await using var node = ScriptedCql.Node().Ring(new Row(1), new Row(2, 1, "127.0.0.5"));
        var bench = new CassandraBench();
        var config = new { contact_points = new[] { $"127.0.0.1:{node.Port}", $"127.0.0.1:{second.Port}" }, min_nodes_up = 1 };
        var before = await bench.ProbeAsync(config);
        await second.DisposeAsync();
        var after = await bench.ProbeAsync(config);

        Assert.True(before.IsClean, CassandraBench.Told(before));
        Assert.Equal((2, 2), (before.Metrics["nodes"]!.Value.Number, before.Metrics["nodes_up"]!.Value.Number));
        Assert.Equal([$"127.0.0.1:{second.Port}"], after.Metrics["nodes_down"]!.Value.List);
        Assert.StartsWith($"1 of 2 nodes down: 127.0.0.1:{second.Port} (connect: ", Assert.Single(after.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1001, "protocol: the node is overloaded (it answered so to OPTIONS): \"busy\"")]
    [InlineData(0x1002, "protocol: the node is bootstrapping (it answered so to OPTIONS): \"busy\"")]
    [InlineData(0x0000, "protocol: OPTIONS was answered with server error: \"busy\"")]
    [InlineData(0x2500, "protocol: OPTIONS was answered with unprepared: \"busy\"")]
    public async Task A_contact_point_that_answers_with_an_error_is_named(int code, string message)
    {
        await using var node = ScriptedCql.Node();
        node.Greeting = (0x00, Error(code, "busy"));
        Assert.Equal(message, (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{node.Port}" } })).Message);
    }

    [Fact]
    public async Task Logins_go_as_the_authenticator_wants_and_refusals_name_it_without_the_secret()
    {
        byte[] plain = [0, .. "u"u8, 0, .. "hunter2"u8];
        await using var dse = ScriptedCql.Node(authenticator: "com.datastax.bdp.cassandra.auth.DseAuthenticator", login: token =>
            token.AsSpan().SequenceEqual("PLAIN"u8) ? ((byte)0x0E, (byte[])[.. Int(11), .. "PLAIN-START"u8]) : token.AsSpan().SequenceEqual(plain) ? ((byte)0x10, Int(-1)) : ((byte)0x00, Error(0x0100, "no"))).Ring(new Row(1));
        await using var kerberos = ScriptedCql.Node(authenticator: "org.example.KerberosAuthenticator", login: _ => (0x0E, Int(-1)));
        await using var unknown = ScriptedCql.Node(authenticator: "org.example.Other", login: token => (0x00, Error(0x0100, "bad " + Encoding.UTF8.GetString(token))));
        object Config(ScriptedCql node) => new { contact_points = new[] { $"127.0.0.1:{node.Port}" }, username = "u", password = "hunter2" };

        Assert.True((await new CassandraBench().ProbeAsync(Config(dse))).IsClean);
        Assert.Equal(
            "authentication: the server's authenticator org.example.KerberosAuthenticator asks for more than user and password (SASL PLAIN), which is not supported",
            (await new CassandraBench().ProbeAsync(Config(kerberos))).Message);
        Assert.Equal(
            "authentication: login as u refused by the authenticator org.example.Other, of which it is not known whether it takes user and password (SASL PLAIN): \"bad  u ******\"",
            (await new CassandraBench().ProbeAsync(Config(unknown))).Message);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "protocol: an HTTP server answered on this port")]
    [InlineData("-ERR unknown command\r\n", "protocol: a Redis server answered on this port")]
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0050", "protocol: the server answered with a TLS alert: it speaks TLS on this port; set tls")]
    [InlineData("what is this", "protocol: the server did not answer with Cassandra's native protocol: \"what is this\"")]
    [InlineData("", "protocol: the server closed the connection while waiting for an answer to OPTIONS and STARTUP (a port that speaks TLS only does so: tls may have to be set)")]
    [InlineData("\u0084\0\u000d\u000a\u0006\u007f\u00ff\u00ff\u00ff", "protocol: the server announced a message of 2147483647 bytes; the protocol knows at most 268435456")]
    [InlineData("\u0084\0\u000d\u000a\u0006\u0001\0\0\0", "protocol: the server announced a message of 16777216 bytes; at most 4194304 are read")]
    [InlineData("\u0084\0\u000d\u000a\u0006\0\0\u0001\0ab", "protocol: the server closed the connection in the middle of a message, after 11 of 265 bytes, while waiting for an answer to OPTIONS and STARTUP")]
    [InlineData("\u0084\0\u000d\u000a\u0008\0\0\0\0", "protocol: OPTIONS was answered with a message of kind 0x08, which does not belong there")]
    [InlineData("\u0084\u0001\u000d\u000a\u0006\0\0\0\0", "protocol: the server sent a compressed message, which was not asked for")]
    public async Task Whatever_else_answers_is_named_also_byte_by_byte(string answer, string message)
    {
        var bytes = Encoding.Latin1.GetBytes(answer);
        await using var whole = ScriptedServer.Start(async (stream, token) =>
        {
            _ = await stream.ReadAtLeastAsync(new byte[40], 40, throwOnEndOfStream: false, token);
            await stream.WriteAsync(bytes, token);
        });
        await using var split = ScriptedServer.Start(async (stream, token) =>
        {
            _ = await stream.ReadAtLeastAsync(new byte[40], 40, throwOnEndOfStream: false, token);
            foreach (var b in bytes)
            {
                await stream.WriteAsync(new[] { b }, token);
                await Task.Yield();
            }
        });
        Assert.Equal(message, (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{whole.Port}" } })).Message);
        Assert.Equal(message, (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{split.Port}" } })).Message);
    }

    [Fact]
    public async Task Silence_and_one_byte_at_a_time_end_within_the_deadline_and_say_what_was_waited_for()
    {
        await using var silent = TcpServer.Hanging();
        await using var dripping = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync(new byte[] { 0x84 }, token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var nothing = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{silent.Port}" } }, 2);
        var little = await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{dripping.Port}", $"127.0.0.1:{silent.Port}" } }, 2);
        Assert.Equal($"timeout: an answer to OPTIONS and STARTUP did not come within 1.4 s (connected to 127.0.0.1:{silent.Port})", nothing.Message);
        Assert.StartsWith("timeout: no contact point answers as it should: 127.0.0.1:", little.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_are_not_well_formed_and_streams_that_were_not_asked_are_failures()
    {
        await using var torn = ScriptedCql.Node().Ring(new Row(1)).On("SELECT * FROM system.local", 0x08, [0, 0, 0, 2, 0, 0, 0, 1, 0x7F, 0, 0, 0]);
        await using var wrong = ScriptedCql.Node().Ring(new Row(1)).On("SELECT * FROM system.local", 0x03, Text("x"));
        await using var endless = ScriptedServer.Start(async (stream, token) =>
        {
            while (true)
            {
                await stream.WriteAsync(Frame(4, -1, 0x0C, [0, 0]), token);
            }
        });
        Assert.Equal("protocol: the rows of system.local are not well-formed", (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{torn.Port}" } })).Message);
        Assert.Equal("protocol: the query of system.local was answered with something else than rows", (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{wrong.Port}" } })).Message);
        Assert.Equal(
            "protocol: the server sends events that nobody asked for, instead of an answer to OPTIONS and STARTUP",
            (await new CassandraBench().ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{endless.Port}" } })).Message);
    }

    [Fact]
    public async Task The_rows_of_a_query_are_not_read_however_long_they_are()
    {
        await using var node = ScriptedCql.Node().Ring(new Row(1));
        node.On("SELECT big", 0x08, new byte[8 * 1024 * 1024]);
        node.On("SELECT none", 0x00, Error(0x1200, "Operation timed out", 0, 5, 0, 0, 0, 2, 0, 0, 0, 3, 1));
        var contact = new[] { $"127.0.0.1:{node.Port}" };
        Assert.True((await new CassandraBench().ProbeAsync(new { contact_points = contact, query = "SELECT big FROM t" })).IsClean);
        Assert.Equal(
            "assertion: query failed: read timeout: consistency ALL requires answers of 3 replicas, 2 came",
            (await new CassandraBench().ProbeAsync(new { contact_points = contact, query = "SELECT none FROM t", consistency = "ALL" })).Message);
    }

    [Fact]
    public async Task A_refused_login_at_one_contact_point_leaves_the_others_and_garbage_in_memory_does_no_harm()
    {
        await using var refusing = ScriptedCql.Node(authenticator: Password, login: _ => (0x00, Error(0x0100, "Unable to perform authentication")));
        await using var node = ScriptedCql.Node(authenticator: Password).Ring(new Row(1));
        var bench = new CassandraBench { Memory = new byte[] { 1, 4, 0xFF, 0xFF, 7 } };
        var result = await bench.ProbeAsync(new { contact_points = new[] { $"127.0.0.1:{refusing.Port}", $"127.0.0.1:{node.Port}" }, username = "u", password = "hunter2" });
        Assert.Equal([$"contact point 127.0.0.1:{refusing.Port} is down: authentication: login as u refused: \"Unable to perform authentication\""], result.Warnings);
    }
}
