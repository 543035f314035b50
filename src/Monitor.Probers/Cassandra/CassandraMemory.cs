using System.Text;
using Monitor.Core.Configs;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// What is remembered between probes: the nodes that were ever reached, by their host ids (addresses change, ids do not), which contact point led to which node
/// where the addresses do not tell, and the version that the servers took. Anything that cannot be read is as nothing.
/// </summary>
/// <param name="Protocol">0: not known.</param>
internal sealed record CassandraMemory(int Protocol, IReadOnlySet<Guid> Reached, IReadOnlyDictionary<string, Guid> Behind)
{
    private const byte Format = 1;
    private const int MaxEntries = 2000;

    public static readonly CassandraMemory Empty = new(0, new HashSet<Guid>(), new Dictionary<string, Guid>(StringComparer.Ordinal));

    public static CassandraMemory Read(ReadOnlySpan<byte> bytes)
    {
        var body = new CqlBody(bytes);
        if (body.Byte() != Format)
        {
            return Empty;
        }

        var protocol = body.Byte();
        var reached = new HashSet<Guid>();
        for (var left = body.Short(); left > 0 && !body.Failed; left--)
        {
            reached.Add(Id(ref body));
        }

        var behind = new Dictionary<string, Guid>(StringComparer.Ordinal);
        for (var left = body.Short(); left > 0 && !body.Failed; left--)
        {
            behind[body.String()] = Id(ref body);
        }

        return body.Failed || protocol is not 0 and (< CqlVersions.Lowest or > CqlVersions.Highest) ? Empty : new CassandraMemory(protocol, reached, behind);
    }

    /// <summary>The same facts always give the same bytes.</summary>
    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        bytes.Write([Format, (byte)Protocol]);
        var reached = Reached.Order().Take(MaxEntries).ToArray();
        Short(bytes, reached.Length);
        foreach (var host in reached)
        {
            bytes.Write(host.ToByteArray(bigEndian: true));
        }

        var behind = Behind.OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(MaxEntries).ToArray();
        Short(bytes, behind.Length);
        foreach (var (contact, host) in behind)
        {
            var name = Encoding.UTF8.GetBytes(contact);
            Short(bytes, name.Length);
            bytes.Write(name);
            bytes.Write(host.ToByteArray(bigEndian: true));
        }

        return bytes.ToArray();
    }

    public Guid? BehindOf(NodeAddress contact) => Behind.TryGetValue(contact.ToString(), out var host) ? host : null;

    private static Guid Id(ref CqlBody body) => body.Take(16) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : default;

    private static void Short(MemoryStream bytes, int number) => bytes.Write([(byte)(number >> 8), (byte)number]);
}
