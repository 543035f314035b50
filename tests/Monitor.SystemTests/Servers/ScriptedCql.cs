using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Monitor.SystemTests.Servers;

/// <summary>
/// A Cassandra node by script: answers OPTIONS, STARTUP, logins and queries, in the protocol versions that it is told to know, whole or one byte at a time.
/// Encodes by itself, so that it proves what is tested.
/// </summary>
internal sealed class ScriptedCql : IAsyncDisposable
{
    private readonly ScriptedServer _server;

    private ScriptedCql()
    {
        _server = ScriptedServer.Start(ServeAsync);
        Port = _server.Port;
    }

    public int Port { get; }

    public int Accepted => _server.Accepted;

    public int[] Versions { get; init; } = [3, 4, 5];

    /// <summary>What a refusal of a version says; {0}: the versions.</summary>
    public string Refusal { get; init; } = "Invalid or unsupported protocol version (0); supported versions are ({0})";

    /// <summary>Each byte in a packet of its own.</summary>
    public bool Split { get; init; }

    public bool IsScylla { get; init; }

    public string? Authenticator { get; init; }

    /// <summary>What a login is answered with: opcode and body, by the token.</summary>
    public Func<byte[], (byte Opcode, byte[] Body)> Login { get; init; } = _ => (0x10, Int(-1));

    /// <summary>What is answered instead of SUPPORTED.</summary>
    public (byte Opcode, byte[] Body)? Greeting { get; set; }

    /// <summary>By how a query begins; the first that fits. One that none fits is invalid.</summary>
    public List<(string Begin, Func<(byte Opcode, byte[] Body)> Answer)> Answers { get; } = [];

    public static ScriptedCql Node(int[]? versions = null, bool split = false, string? authenticator = null, Func<byte[], (byte, byte[])>? login = null, bool scylla = false, string? refusal = null) =>
        new()
        {
            Versions = versions ?? [3, 4, 5],
            Split = split,
            Authenticator = authenticator,
            Login = login ?? (_ => (0x10, Int(-1))),
            IsScylla = scylla,
            Refusal = refusal ?? "Invalid or unsupported protocol version (0); supported versions are ({0})",
        };

    /// <summary>Itself and its peers, as the tables of Cassandra 4 and later tell.</summary>
    public ScriptedCql Ring(Row self, params Row[] peers)
    {
        Answers.Add(("SELECT * FROM system.local", () => Rows(
            ["cluster_name", "bootstrapped", "rpc_address", "broadcast_address", "data_center", "release_version", "schema_version", "host_id"],
            [[Encoding.UTF8.GetBytes(self.Cluster), Encoding.UTF8.GetBytes(self.Bootstrapped), self.Address, self.Address, Encoding.UTF8.GetBytes(self.Datacenter), Encoding.UTF8.GetBytes(self.Version), Id(self.Schema), Id(self.Host)]])));
        Answers.Add((IsScylla ? "SELECT peer, data_center, rack, rpc_address" : "SELECT peer, data_center, rack, native_address", () => Rows(
            ["peer", "data_center", "rack", IsScylla ? "rpc_address" : "native_address", "native_port", "release_version", "schema_version", "host_id"],
            [.. peers.Select(peer => new byte[]?[] { peer.Address, Encoding.UTF8.GetBytes(peer.Datacenter), "r1"u8.ToArray(), peer.Address, IsScylla ? null : Int(peer.Port), Encoding.UTF8.GetBytes(peer.Version), Id(peer.Schema), peer.Host == 0 ? null : Id(peer.Host) })])));
        return this;
    }

    public ScriptedCql On(string begin, byte opcode, byte[] body)
    {
        Answers.Insert(0, (begin, () => (opcode, body)));
        return this;
    }

    public static (byte Opcode, byte[] Body) Rows(string[] columns, byte[]?[][] rows) => (0x08,
    [
        .. Int(2), .. Int(1), .. Int(columns.Length), .. Text("ks"), .. Text("t"), .. columns.SelectMany(column => (byte[])[.. Text(column), 0, 0x0D]),
        .. Int(rows.Length), .. rows.SelectMany(row => row.SelectMany(cell => cell is null ? Int(-1) : [.. Int(cell.Length), .. cell])),
    ]);

    public static byte[] Error(int code, string text, params byte[] more) => [.. Int(code), .. Text(text), .. more];

    public static byte[] Int(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    public static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Id(int number) => [.. new byte[12], .. Int(number)];

    public static byte[] Frame(int version, int stream, byte opcode, byte[] body) =>
        [(byte)(0x80 | version), 0, (byte)(stream >> 8), (byte)stream, opcode, .. Int(body.Length), .. body];

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var segmented = false;
        while (true)
        {
            var header = new byte[9];
            var segment = segmented ? await ReadSegmentAsync(stream, cancellationToken) : null;
            var payload = segment is null ? stream : new MemoryStream(segment);
            do
            {
                await payload.ReadExactlyAsync(header, cancellationToken);
                var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5))];
                await payload.ReadExactlyAsync(body, cancellationToken);
                var version = header[0];
                var (opcode, answer) = Answer(version, header[4], body);
                var refused = !Versions.Contains(version);
                var frame = Frame(refused ? Versions.Max() : version, refused ? 0 : BinaryPrimitives.ReadInt16BigEndian(header.AsSpan(2)), opcode, answer);
                await WriteAsync(stream, segmented ? Segments(frame) : frame, cancellationToken);
                segmented |= version == 5 && opcode is 0x02 or 0x03 && !refused;
                if (refused)
                {
                    return;
                }
            }
            while (segment is not null && payload.Position < payload.Length);
        }
    }

    private (byte Opcode, byte[] Body) Answer(int version, byte opcode, byte[] body)
    {
        if (!Versions.Contains(version))
        {
            return (0x00, Error(0x000A, string.Format(System.Globalization.CultureInfo.InvariantCulture, Refusal, string.Join(", ", Versions.Select(known => $"{known}/v{known}")))));
        }

        switch (opcode)
        {
            case 0x05:
                return Greeting ?? (0x06, [0, 1, .. Text(IsScylla ? "SCYLLA_SHARD" : "CQL_VERSION"), 0, 1, .. Text("3.4.7")]);
            case 0x01:
                return Authenticator is null ? ((byte)0x02, Array.Empty<byte>()) : ((byte)0x03, Text(Authenticator));
            case 0x0F:
                return Login(body[4..]);
            case 0x07:
                var query = Encoding.UTF8.GetString(body, 4, BinaryPrimitives.ReadInt32BigEndian(body));
                return Answers.Find(answer => query.StartsWith(answer.Begin, StringComparison.Ordinal)).Answer?.Invoke() ?? ((byte)0x00, Error(0x2200, $"no answer to {query}"));
            default:
                return (0x00, Error(0x000A, $"unexpected opcode {opcode}"));
        }
    }

    private async Task WriteAsync(Stream stream, byte[] bytes, CancellationToken cancellationToken)
    {
        if (!Split)
        {
            await stream.WriteAsync(bytes, cancellationToken);
            return;
        }

        foreach (var b in bytes)
        {
            await stream.WriteAsync(new[] { b }, cancellationToken);
            await Task.Yield();
        }
    }

    /// <summary>Small segments, so that one frame goes over several of them.</summary>
    private static byte[] Segments(byte[] frame) => [.. frame.Chunk(64).SelectMany(part => Segment(part, frame.Length <= 64))];

    private static byte[] Segment(byte[] payload, bool isWhole)
    {
        var bits = payload.Length | (isWhole ? 1 << 17 : 0);
        byte[] header = [(byte)bits, (byte)(bits >> 8), (byte)(bits >> 16)];
        var crc24 = 0x875060;
        foreach (var b in header)
        {
            crc24 ^= b << 16;
            for (var i = 0; i < 8; i++)
            {
                crc24 = (crc24 & 0x800000) != 0 ? (crc24 << 1) ^ 0x1974F0B : crc24 << 1;
            }
        }

        var crc32 = 0xFFFFFFFFu;
        foreach (var b in (byte[])[0xFA, 0x2D, 0x55, 0xCA, .. payload])
        {
            crc32 ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc32 = (crc32 & 1) != 0 ? (crc32 >> 1) ^ 0xEDB88320 : crc32 >> 1;
            }
        }

        var sum = ~crc32;
        return [.. header, (byte)crc24, (byte)(crc24 >> 8), (byte)(crc24 >> 16), .. payload, (byte)sum, (byte)(sum >> 8), (byte)(sum >> 16), (byte)(sum >> 24)];
    }

    private static async Task<byte[]> ReadSegmentAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[6];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var rest = new byte[(header[0] | (header[1] << 8) | ((header[2] & 1) << 16)) + 4];
        await stream.ReadExactlyAsync(rest, cancellationToken);
        return rest[..^4];
    }

    /// <param name="Host">Its id; 0: none.</param>
    internal sealed record Row(int Host, int Port = 0, string Ip = "127.0.0.1", string Datacenter = "dc1", string Version = "5.0.6", int Schema = 1, string Cluster = "scripted", string Bootstrapped = "COMPLETED")
    {
        public byte[] Address => IPAddress.Parse(Ip).GetAddressBytes();
    }
}
