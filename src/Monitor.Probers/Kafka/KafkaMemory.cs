using System.Buffers.Binary;
using System.Text;

namespace Monitor.Probers.Kafka;

/// <summary>
/// What one probe of a group leaves for the next: whether offsets moved, for how long they have not, and which partitions had a commit (so that one that
/// has expired can be told from one that never was). Bytes of another version, of another group or damaged ones read as no memory.
/// </summary>
public sealed record KafkaMemory
{
    /// <summary>A topic that is gone is told for so many probes: its group may have given it up for good.</summary>
    public const int ToldFor = 10;

    private const byte Version = 1;
    private const int Header = 1 + sizeof(ulong) + sizeof(ulong) + sizeof(int) + sizeof(int);

    /// <summary>It is stored with every target: topics beyond are not remembered.</summary>
    private const int MaxBytes = 8 * 1024;

    private const ulong HashSeed = 14695981039346656037;

    /// <summary>The first probe of this group.</summary>
    public static readonly KafkaMemory Nothing = new();

    /// <summary>Of all committed offsets; null: nothing is known of the last probe.</summary>
    public ulong? Fingerprint { get; init; }

    /// <summary>Probes in a row, before this one, that saw lag and no committed offset moved since the one before.</summary>
    public int Unmoved { get; init; }

    /// <summary>Probes in a row that saw the group rebalance.</summary>
    public int Rebalancing { get; init; }

    /// <summary>Partitions that had a commit, by topic.</summary>
    public IReadOnlyDictionary<string, RememberedTopic> Topics { get; init; } = new Dictionary<string, RememberedTopic>(0, StringComparer.Ordinal);

    /// <param name="about">What the memory belongs to: <see cref="About"/>.</param>
    public byte[] Write(ulong about)
    {
        var bytes = new byte[MaxBytes];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(1), about);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(9), Fingerprint ?? 0);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(17), Unmoved);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(21), Rebalancing);
        var at = Header;
        foreach (var (name, topic) in Topics.OrderBy(topic => topic.Key, StringComparer.Ordinal))
        {
            var size = Encoding.UTF8.GetByteCount(name);
            var bits = topic.Partitions.Count == 0 ? 0 : (topic.Partitions.Max / 8) + 1;
            if (at + 5 + size + bits > bytes.Length)
            {
                continue;
            }

            bytes[at] = (byte)topic.Gone;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at + 1), (ushort)size);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at + 3), (ushort)bits);
            Encoding.UTF8.GetBytes(name, bytes.AsSpan(at + 5));
            at += 5 + size;
            foreach (var partition in topic.Partitions)
            {
                bytes[at + (partition / 8)] |= (byte)(1 << (partition % 8));
            }

            at += bits;
        }

        return bytes[..at];
    }

    public static KafkaMemory Read(ReadOnlySpan<byte> bytes, ulong about)
    {
        if (bytes.Length < Header || bytes[0] != Version || BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]) != about)
        {
            return Nothing;
        }

        var topics = new Dictionary<string, RememberedTopic>(StringComparer.Ordinal);
        for (var rest = bytes[Header..]; rest.Length > 0;)
        {
            if (rest.Length < 5 || rest.Length < 5 + BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) + BinaryPrimitives.ReadUInt16BigEndian(rest[3..]))
            {
                return Nothing;
            }

            var (size, bits) = (BinaryPrimitives.ReadUInt16BigEndian(rest[1..]), BinaryPrimitives.ReadUInt16BigEndian(rest[3..]));
            topics[Encoding.UTF8.GetString(rest.Slice(5, size))] = new RememberedTopic(Numbers(rest.Slice(5 + size, bits)), rest[0]);
            rest = rest[(5 + size + bits)..];
        }

        return new KafkaMemory
        {
            Fingerprint = BinaryPrimitives.ReadUInt64BigEndian(bytes[9..]),
            Unmoved = Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(bytes[17..]), 0, int.MaxValue - 1),
            Rebalancing = Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(bytes[21..]), 0, int.MaxValue - 1),
            Topics = topics,
        };
    }

    /// <summary>What a memory belongs to: another group or other topics begin anew.</summary>
    public static ulong About(string group, IReadOnlyList<string> topics)
    {
        var hash = Hash(HashSeed, group);
        foreach (var topic in topics)
        {
            hash = Hash(hash, topic);
        }

        return hash;
    }

    /// <summary>One number for all committed offsets: another one as soon as one has moved.</summary>
    public static ulong FingerprintOf(IReadOnlyList<PartitionState> partitions)
    {
        var hash = HashSeed;
        foreach (var partition in partitions)
        {
            hash = Mix(Mix(Hash(hash, partition.Topic), (ulong)partition.Id), (ulong)partition.Committed);
        }

        return hash;
    }

    private static SortedSet<int> Numbers(ReadOnlySpan<byte> bits)
    {
        var numbers = new SortedSet<int>();
        for (var i = 0; i < bits.Length * 8; i++)
        {
            if ((bits[i / 8] & (1 << (i % 8))) != 0)
            {
                numbers.Add(i);
            }
        }

        return numbers;
    }

    /// <summary>FNV-1a: the same in every process and version, which string.GetHashCode is not.</summary>
    private static ulong Hash(ulong hash, string text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return (hash ^ 0xffff) * 1099511628211;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        for (var i = 0; i < sizeof(ulong); i++, value >>= 8)
        {
            hash = (hash ^ (value & 0xff)) * 1099511628211;
        }

        return hash;
    }
}

/// <param name="Gone">For how many probes the topic has been missing, or without any commit.</param>
public sealed record RememberedTopic(SortedSet<int> Partitions, int Gone);
