using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Configs.Cassandra;
using Monitor.Probers.Cassandra;
using Xunit;

namespace Monitor.UnitTests.Probers.Cassandra;

public sealed class CqlCodecTests
{
    [Fact]
    public void Requests_are_those_of_the_drivers()
    {
        Assert.Equal(CqlBytes.OptionsRequest, Hex(requests => requests.Options(4, 1)));
        Assert.Equal(CqlBytes.StartupRequest, Hex(requests => requests.Startup(4, 1, named: false)));
        Assert.Equal(CqlBytes.AuthRequest, Hex(requests => requests.AuthResponse(4, 1, "\0cassandra\0cassandra"u8)));
        Assert.Equal(CqlBytes.QueryRequest, Hex(requests => requests.Query(4, 3, "SELECT key FROM system.local", CqlConsistency.One)));
        Assert.Equal(CqlBytes.PagedQueryRequest, Hex(requests => requests.Query(4, 4, "SELECT peer FROM system.peers", CqlConsistency.LocalOne, 1000)));
    }

    [Fact]
    public void Protocol_5_wraps_a_query_as_the_driver_does()
    {
        var requests = new CqlRequests();
        requests.Query(5, 3, "SELECT key FROM system.local", CqlConsistency.One);
        var segment = new byte[requests.Written.Length + CqlSegment.HeaderSize + CqlSegment.TrailerSize];

        Assert.Equal(segment.Length, CqlSegment.Write(requests.Written.Span, segment));
        Assert.Equal(CqlBytes.QuerySegment, Convert.ToHexStringLower(segment));
        Assert.Equal(new CqlSegment.Reading(segment.Length, true, null), CqlSegment.Read(segment));
    }

    [Fact]
    public void A_segment_that_was_changed_on_its_way_is_refused()
    {
        for (var at = 0; at < CqlBytes.QuerySegment.Length / 2; at++)
        {
            var changed = CqlBytes.Of(CqlBytes.QuerySegment);
            changed[at] ^= 0x10;
            Assert.NotNull(CqlSegment.Read(changed).Problem);
        }
    }

    [Fact]
    public void The_rows_of_a_real_server_are_read_by_name()
    {
        var table = CqlTable.Read(CqlBytes.Of(CqlBytes.PeersRows).AsMemory(CqlHeader.Size))!;
        Assert.Equal(2, table.Rows);
        Assert.Equal(IPAddress.Parse("127.0.0.3"), table.Address(0, "peer"));
        Assert.Equal("5.0.6", table.Text(1, "release_version"));
        Assert.Equal(Guid.Parse("9e9b15eb-710d-40fb-bdb5-145c5fc0d856"), table.Uuid(1, "host_id"));
        Assert.Equal("datacenter1", table.Text(1, "data_center"));
        Assert.Null(table.Text(0, "no_such_column"));
        Assert.Null(table.Uuid(0, "release_version"));
    }

    [Fact]
    public void Every_type_of_column_is_passed_over()
    {
        // list<map<text, udt<a int>>>, tuple<blob, set<inet>>, a custom one, then the one that is wanted; without a global table.
        byte[] body =
        [
            .. Int(2), .. Int(0x02), .. Int(4), .. Int(3), 1, 2, 3,
            .. Column("a"), 0, 0x20, 0, 0x21, 0, 0x0D, 0, 0x30, .. Text("ks"), .. Text("udt"), 0, 1, .. Text("a"), 0, 9,
            .. Column("b"), 0, 0x31, 0, 2, 0, 3, 0, 0x22, 0, 0x10,
            .. Column("c"), 0, 0, .. Text("org.example.Type"),
            .. Column("d"), 0, 0x0D,
            .. Int(1), .. Int(-1), .. Int(0), .. Int(2), 7, 7, .. Int(2), .. "ok"u8,
        ];
        Assert.Equal("ok", CqlTable.Read(body)!.Text(0, "d"));
    }

    [Theory]
    [InlineData(CqlBytes.WrongPassword, CqlError.BadCredentials, "bad credentials: \"Provided username cassandra and/or password are incorrect\"")]
    [InlineData(CqlBytes.UnknownTable, CqlError.Invalid, "invalid: \"unconfigured table peers_v2\"")]
    public void Errors_of_real_servers_are_worded(string frame, int code, string words)
    {
        var error = CqlError.Read(CqlBytes.Of(frame).AsSpan(CqlHeader.Size))!;
        Assert.Equal(code, error.Code);
        Assert.Equal(words, error.Words([]));
    }

    [Fact]
    public void Errors_of_replicas_say_how_many_were_needed_and_how_many_were_there()
    {
        Assert.Equal("unavailable: consistency ALL requires 3 replicas, 2 are alive", Words([.. Int(0x1000), .. Text("x"), 0, 5, .. Int(3), .. Int(2)]));
        Assert.Equal("unavailable: consistency QUORUM requires 2 replicas, 1 is alive", Words([.. Int(0x1000), .. Text("x"), 0, 4, .. Int(2), .. Int(1)]));
        Assert.Equal("read timeout: consistency ALL requires answers of 3 replicas, 2 came", Words([.. Int(0x1200), .. Text("x"), 0, 5, .. Int(2), .. Int(3), 1]));
        Assert.Equal("read timeout: consistency ONE requires answers of 1 replicas, 1 came, the one with the data did not", Words([.. Int(0x1200), .. Text("x"), 0, 1, .. Int(1), .. Int(1), 0]));
        Assert.Equal("read failure: consistency ONE requires answers of 2 replicas, 1 came, 1 failed", Words([.. Int(0x1300), .. Text("x"), 0, 1, .. Int(1), .. Int(2), .. Int(1), 0]));
        Assert.Equal("unprepared: \"x\"", Words([.. Int(0x2500), .. Text("x"), 0, 1, 7]));
        Assert.Equal("error 0x7777: \"a ****** b\"", CqlError.Read([.. Int(0x7777), .. Text("a hunter2 b")])!.Words(["hunter2"]));
        Assert.Equal("unavailable: \"cut off\"", Words([.. Int(0x1000), .. Text("cut off"), 0, 5, 0]));
    }

    [Theory]
    [InlineData("Invalid or unsupported protocol version (4); supported versions are (3/v3, 5/v5, 6/v6-beta)", 5, 5)]
    [InlineData("Rejecting Protocol Version 4/v4 < 5/v5.", 5, 5)]
    [InlineData("Invalid or unsupported protocol version (4); the lowest supported version is 1 and the greatest is 3", 3, 3)]
    [InlineData("words that say nothing", 3, 3)]
    [InlineData("words that say nothing", 4, null)]
    [InlineData("supported versions are (1/v1, 2/v2)", 2, null)]
    [InlineData("supported versions are (6/v6-beta, 65/v65)", 6, null)]
    public void Another_version_is_found_in_the_refusal_of_4(string refusal, int answeredIn, int? other) =>
        Assert.Equal(other, CqlVersions.Other(refusal, answeredIn, 1 << 4));

    [Fact]
    public void What_was_remembered_comes_back_and_garbage_is_as_nothing()
    {
        var ids = new HashSet<Guid> { Guid.Parse("9e9b15eb-710d-40fb-bdb5-145c5fc0d856"), Guid.Parse("2acf6d2a-e197-4097-ba2b-80971cff2a28") };
        var memory = new CassandraMemory(5, ids, new Dictionary<string, Guid>(StringComparer.Ordinal) { ["db:9042"] = ids.First() });
        var bytes = memory.Write();
        var back = CassandraMemory.Read(bytes);

        Assert.Equal(5, back.Protocol);
        Assert.Equal(ids, back.Reached);
        Assert.Equal(ids.First(), back.BehindOf(new("db", 9042)));
        Assert.Equal(bytes, back.Write());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Empty(CassandraMemory.Read(bytes.AsSpan(0, length)).Reached);
        }

        Assert.Same(CassandraMemory.Empty, CassandraMemory.Read([2, .. bytes[1..]]));
        Assert.Same(CassandraMemory.Empty, CassandraMemory.Read([1, 99, 0, 0, 0, 0]));
    }

    [Fact]
    public void Random_bytes_are_read_to_an_end_without_an_exception() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Choose(0, 255).Select(number => (byte)number).ArrayOf().ToArbitrary(),
        bytes =>
        {
            ReadAll(bytes);
            ReadAll([.. Int(2), .. Int(1), .. bytes]);
            ReadAll([.. Int(2), .. Int(0), .. Int(int.MaxValue), .. bytes]);
            ReadAll([.. Int(2), .. Int(1), .. Int(1), .. Text("k"), .. Text("t"), .. Text("c"), 0, 0x0D, .. Int(int.MaxValue), .. bytes]);
        }));

    [Fact]
    public void Every_real_answer_that_is_cut_off_or_changed_is_read_to_an_end()
    {
        foreach (var hex in new[] { CqlBytes.PeersRows, CqlBytes.WrongPassword, CqlBytes.Supported })
        {
            var body = CqlBytes.Of(hex).AsSpan(CqlHeader.Size).ToArray();
            for (var at = 0; at < body.Length; at++)
            {
                ReadAll(body[..at]);
                var changed = body.ToArray();
                changed[at] = 0xFF;
                ReadAll(changed);
            }
        }
    }

    [Fact]
    public void Counts_that_are_made_up_allocate_nothing_and_types_without_end_overflow_nothing()
    {
        byte[] rows = [.. Int(2), .. Int(1), .. Int(1), .. Text("k"), .. Text("t"), .. Text("c"), 0, 0x0D, .. Int(int.MaxValue)];
        byte[] columns = [.. Int(2), .. Int(1), .. Int(int.MaxValue), .. Text("k"), .. Text("t")];
        byte[] nested = [.. Int(2), .. Int(1), .. Int(1), .. Text("k"), .. Text("t"), .. Text("c"), .. Enumerable.Repeat(new byte[] { 0, 0x20 }, 500_000).SelectMany(pair => pair)];
        Assert.Null(CqlTable.Read(rows));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(CqlTable.Read(rows));
        Assert.Null(CqlTable.Read(columns));
        Assert.Null(CqlTable.Read(nested));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    private static void ReadAll(byte[] bytes)
    {
        CqlTable.Read(bytes);
        _ = CqlError.Read(bytes)?.Words([]);
        _ = CqlSegment.Read(bytes);
        CassandraMemory.Read(bytes);
        CassandraMemory.Read([1, .. bytes]);
        if (bytes.Length >= CqlHeader.Size)
        {
            _ = new CqlFrame(CqlHeader.Read(bytes), bytes.AsMemory(CqlHeader.Size)).Message.Length;
        }
    }

    private static string Hex(Action<CqlRequests> write)
    {
        var requests = new CqlRequests();
        write(requests);
        return Convert.ToHexStringLower(requests.Written.Span);
    }

    private static string Words(byte[] message) => CqlError.Read(message)!.Words([]);

    private static byte[] Int(int number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];

    private static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Column(string name) => [.. Text("ks"), .. Text("t"), .. Text(name)];
}
