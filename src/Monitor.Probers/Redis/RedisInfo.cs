using System.Buffers.Text;
using System.Text;
using Monitor.Core.Configs;

namespace Monitor.Probers.Redis;

/// <summary>What INFO said, of all sections that were asked for. A field that a server does not tell is null: every service and version hides some.</summary>
internal sealed class RedisInfo
{
    /// <summary>The server's kind as it names it: <c>standalone</c>, <c>cluster</c>, <c>sentinel</c>.</summary>
    public string? Mode { get; private set; }

    public string? Version { get; private set; }
    public long? UptimeSeconds { get; private set; }
    public long? ConnectedClients { get; private set; }
    public long? MaxClients { get; private set; }
    public long? UsedMemory { get; private set; }

    /// <summary>0: no limit.</summary>
    public long? MaxMemory { get; private set; }

    public double? OpsPerSecond { get; private set; }
    public bool? IsReplica { get; private set; }
    public string? MasterHost { get; private set; }
    public int MasterPort { get; private set; }

    /// <summary>Of a replica.</summary>
    public bool? LinkIsUp { get; private set; }

    public long? LinkDownSeconds { get; private set; }

    /// <summary>What a master has written; of a replica, what it has taken in.</summary>
    public long? Offset { get; private set; }

    /// <summary>What a replica has received, taken in or not (7.0 and newer).</summary>
    public long? ReadOffset { get; private set; }

    public long? ReplicaOffset { get; private set; }
    public List<ReplicaLine> Replicas { get; } = [];

    /// <summary>Of a sentinel: the names of the masters that it watches.</summary>
    public List<string> MasterNames { get; } = [];

    public int OnlineReplicas
    {
        get
        {
            var online = 0;
            foreach (var replica in Replicas)
            {
                online += replica.IsOnline ? 1 : 0;
            }

            return online;
        }
    }

    public double? MemoryPercent => MaxMemory > 0 && UsedMemory is { } used ? Math.Round(used * 100.0 / MaxMemory.Value, 2) : null;

    public double? ClientsPercent => MaxClients > 0 && ConnectedClients is { } clients ? Math.Round(clients * 100.0 / MaxClients.Value, 2) : null;

    /// <summary>Takes in what a section says.</summary>
    public void Add(ReadOnlySpan<byte> section)
    {
        while (!section.IsEmpty)
        {
            var end = section.IndexOf((byte)'\n');
            var line = end < 0 ? section : section[..end];
            section = end < 0 ? default : section[(end + 1)..];
            var colon = line.IndexOf((byte)':');
            if (colon > 0 && line[0] != '#')
            {
                Take(line[..colon], line[(colon + 1)..].TrimEnd((byte)'\r'));
            }
        }
    }

    private void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // By first letter: of two hundred lines a dozen are wanted.
        switch (name[0])
        {
            case (byte)'r':
                TakeR(name, value);
                break;
            case (byte)'v' when name.SequenceEqual("valkey_version"u8):
                Version = Encoding.UTF8.GetString(value);
                break;
            case (byte)'u' when name.SequenceEqual("uptime_in_seconds"u8):
                UptimeSeconds = Number(value);
                break;
            case (byte)'u' when name.SequenceEqual("used_memory"u8):
                UsedMemory = Number(value);
                break;
            case (byte)'c' when name.SequenceEqual("connected_clients"u8):
                ConnectedClients = Number(value);
                break;
            case (byte)'i' when name.SequenceEqual("instantaneous_ops_per_sec"u8):
                OpsPerSecond = Number(value);
                break;
            case (byte)'m':
                TakeM(name, value);
                break;
            case (byte)'s':
                TakeS(name, value);
                break;
            default:
                break;
        }
    }

    private void TakeR(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("redis_version"u8))
        {
            Version ??= Encoding.UTF8.GetString(value);
        }
        else if (name.SequenceEqual("redis_mode"u8))
        {
            Mode = ModeOf(value);
        }
        else if (name.SequenceEqual("role"u8))
        {
            IsReplica = value.SequenceEqual("slave"u8) || value.SequenceEqual("replica"u8);
        }
    }

    private void TakeM(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("maxclients"u8))
        {
            MaxClients = Number(value);
        }
        else if (name.SequenceEqual("maxmemory"u8))
        {
            MaxMemory = Number(value);
        }
        else if (name.SequenceEqual("master_host"u8))
        {
            MasterHost = Encoding.UTF8.GetString(value);
        }
        else if (name.SequenceEqual("master_port"u8))
        {
            MasterPort = (int)(Number(value) ?? 0);
        }
        else if (name.SequenceEqual("master_link_status"u8))
        {
            LinkIsUp = value.SequenceEqual("up"u8);
        }
        else if (name.SequenceEqual("master_link_down_since_seconds"u8))
        {
            LinkDownSeconds = Number(value);
        }
        else if (name.SequenceEqual("master_repl_offset"u8))
        {
            Offset = Number(value);
        }
        else if (name.StartsWith("master"u8) && name.Length > 6 && char.IsAsciiDigit((char)name[6]))
        {
            // master0:name=orders,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3
            var watched = Part(value, "name="u8);
            if (!watched.IsEmpty)
            {
                MasterNames.Add(Encoding.UTF8.GetString(watched));
            }
        }
    }

    private void TakeS(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("server_mode"u8))
        {
            // Valkey, unless it is told to look like a Redis.
            Mode = ModeOf(value);
        }
        else if (name.SequenceEqual("slave_read_repl_offset"u8))
        {
            ReadOffset = Number(value);
        }
        else if (name.SequenceEqual("slave_repl_offset"u8))
        {
            ReplicaOffset = Number(value);
        }
        else if (name.StartsWith("slave"u8) && name.Length > 5 && char.IsAsciiDigit((char)name[5]) && ReplicaLine.Read(value) is { } replica)
        {
            Replicas.Add(replica);
        }
    }

    /// <summary>One shared text a mode: it is compared, and shown as a metric.</summary>
    private static string ModeOf(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("standalone"u8) ? "standalone" : value.SequenceEqual("cluster"u8) ? "cluster" : value.SequenceEqual("sentinel"u8) ? "sentinel" : Encoding.UTF8.GetString(value);

    internal static long? Number(ReadOnlySpan<byte> value) => Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length ? number : null;

    /// <summary>What stands behind <c>key=</c> up to the next comma; empty where it is not there.</summary>
    internal static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key)
    {
        while (!line.IsEmpty)
        {
            var end = line.IndexOf((byte)',');
            var part = end < 0 ? line : line[..end];
            if (part.StartsWith(key))
            {
                return part[key.Length..];
            }

            line = end < 0 ? default : line[(end + 1)..];
        }

        return default;
    }
}

/// <summary>How a master sees one of its replicas.</summary>
/// <param name="State"><c>online</c>, or how far it has come.</param>
/// <param name="Offset">What it has acknowledged.</param>
internal sealed record ReplicaLine(NodeAddress Address, string State, long? Offset)
{
    public bool IsOnline => State == "online";

    /// <summary><c>ip=10.0.0.2,port=6379,state=online,offset=4002,lag=0</c>; null where it is anything else.</summary>
    public static ReplicaLine? Read(ReadOnlySpan<byte> value)
    {
        var ip = RedisInfo.Part(value, "ip="u8);
        var state = RedisInfo.Part(value, "state="u8);
        if (ip.IsEmpty || state.IsEmpty || RedisInfo.Number(RedisInfo.Part(value, "port="u8)) is not { } port)
        {
            return null;
        }

        return new ReplicaLine(
            new NodeAddress(Encoding.UTF8.GetString(ip), (int)port),
            state.SequenceEqual("online"u8) ? "online" : Encoding.UTF8.GetString(state),
            RedisInfo.Number(RedisInfo.Part(value, "offset="u8)));
    }
}
