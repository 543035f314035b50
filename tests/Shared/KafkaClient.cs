using System.Net.Sockets;
using System.Numerics;
using System.Text;
using Monitor.Probers.Kafka;

namespace Monitor.Tests.Shared;

/// <summary>
/// Does to a real Kafka what a probe never does: makes and deletes topics, writes, commits, joins. Kafka's own tools do it too, for some seconds of
/// processor time a call. Speaks to the plain listener of one broker; what must go to the leader or coordinator finds its way there.
/// </summary>
internal sealed class KafkaClient : IDisposable
{
    private const string Id = "test";
    private const short ConcurrentTransactions = 51;

    private readonly TcpClient _tcp = new();

    private KafkaClient(int port) => Port = port;

    public int Port { get; }

    public static async Task<KafkaClient> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var client = new KafkaClient(port);
        await client._tcp.ConnectAsync("127.0.0.1", port, cancellationToken);
        client._tcp.NoDelay = true;
        return client;
    }

    /// <summary>One request with its answer, behind the correlation id.</summary>
    public async Task<byte[]> AskAsync(int api, short version, Action<RequestWriter> body, CancellationToken cancellationToken, bool flexible = false)
    {
        using var request = new RequestWriter(Id);
        request.Begin((KafkaApi)api, version, flexible);
        body(request);
        request.End();
        var stream = _tcp.GetStream();
        await stream.WriteAsync(request.Written, cancellationToken);
        var head = new byte[8];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var answer = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(head) - 4];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return answer;
    }

    public async Task<ClusterMetadata> MetadataAsync(CancellationToken cancellationToken, params string[] topics)
    {
        var answer = await AskAsync(3, 5, request =>
        {
            request.Int32(topics.Length);
            foreach (var topic in topics)
            {
                request.Text(topic);
            }

            request.Flag(false);
        }, cancellationToken);
        return ClusterMetadata.Read(answer, 5) ?? throw new InvalidOperationException("no metadata");
    }

    /// <param name="replicas">The brokers of each partition.</param>
    /// <param name="settings">Of the topic, name and value.</param>
    public async Task CreateTopicAsync(string name, int[][] replicas, CancellationToken cancellationToken, params (string Name, string Value)[] settings)
    {
        var answer = await AskAsync(19, 2, request =>
        {
            request.Int32(1).Text(name).Int32(-1).Int16(-1).Int32(replicas.Length);
            for (var i = 0; i < replicas.Length; i++)
            {
                request.Int32(i).Int32(replicas[i].Length);
                foreach (var broker in replicas[i])
                {
                    request.Int32(broker);
                }
            }

            request.Int32(settings.Length);
            foreach (var (setting, value) in settings)
            {
                request.Text(setting).Text(value);
            }

            request.Int32(20_000).Flag(false);
        }, cancellationToken);
        Good("CreateTopics " + name, answer, (ref reader) =>
        {
            reader.Skip(8);
            reader.SkipText();
            return reader.Int16();
        });
        await EveryBrokerAsync(
            $"knows {name} and its leaders",
            name,
            topic => topic.Error == 0 && topic.Partitions.Count == replicas.Length && topic.Partitions.All(partition => partition.Leader >= 0),
            cancellationToken);
    }

    public async Task DeleteTopicAsync(string name, CancellationToken cancellationToken)
    {
        Good("DeleteTopics " + name, await AskAsync(20, 1, request => request.Int32(1).Text(name).Int32(20_000), cancellationToken), (ref reader) =>
        {
            reader.Skip(8);
            reader.SkipText();
            return reader.Int16();
        });
        await EveryBrokerAsync($"has let go of {name}", name, topic => topic.Error == KafkaError.UnknownTopicOrPartition, cancellationToken);
    }

    /// <summary>Each broker learns of a topic by itself: the leader may answer UNKNOWN_TOPIC_OR_PARTITION when another one already names it the leader.</summary>
    private Task EveryBrokerAsync(string what, string topic, Func<TopicMetadata, bool> says, CancellationToken cancellationToken) => Eventually.TrueAsync(
        "every broker " + what,
        async () =>
        {
            foreach (var place in (await MetadataAsync(cancellationToken, topic)).Brokers.Values)
            {
                using var broker = await ConnectAsync(place.Port, cancellationToken);
                if (!says((await broker.MetadataAsync(cancellationToken, topic)).Topics[0]))
                {
                    return false;
                }
            }

            return true;
        },
        cancellationToken);

    /// <summary>Writes records to a partition, in one batch, acknowledged by all in-sync replicas.</summary>
    public async Task ProduceAsync(string topic, int partition, int count, CancellationToken cancellationToken)
    {
        var batch = RecordBatch(count, -1, -1);
        await Eventually.TrueAsync($"{topic}/{partition} is led by who is said to", async () =>
        {
            using var leader = await LeaderAsync(topic, partition, cancellationToken);
            return await leader.AppendAsync(topic, partition, batch, null, cancellationToken);
        }, cancellationToken);
    }

    /// <returns>False: it is not the leader, or not yet.</returns>
    private async Task<bool> AppendAsync(string topic, int partition, byte[] batch, string? transaction, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(0, 3, request =>
        {
            _ = transaction is null ? request.Int16(-1) : request.Text(transaction);
            request.Int16(-1).Int32(20_000).Int32(1).Text(topic).Int32(1).Int32(partition).Bytes(batch);
        }, cancellationToken);
        short ErrorIn(ref ResponseReader reader)
        {
            reader.Skip(4);
            reader.SkipText();
            reader.Skip(8);
            return reader.Int16();
        }

        if (KafkaError.IsMoved(Read(answer, ErrorIn)))
        {
            return false;
        }

        Good($"Produce {topic}/{partition}", answer, ErrorIn);
        return true;
    }

    /// <summary>Deletes what is before an offset, as retention does.</summary>
    public async Task DeleteRecordsAsync(string topic, int partition, long before, CancellationToken cancellationToken)
    {
        using var leader = await LeaderAsync(topic, partition, cancellationToken);
        var answer = await leader.AskAsync(21, 0, request => request.Int32(1).Text(topic).Int32(1).Int32(partition).Int64(before).Int32(20_000), cancellationToken);
        Good("DeleteRecords " + topic, answer, (ref reader) =>
        {
            reader.Skip(8);
            reader.SkipText();
            reader.Skip(16);
            return reader.Int16();
        });
    }

    /// <summary>Commits for a group without members, as an administrator does.</summary>
    public async Task CommitAsync(string group, string topic, int partition, long offset, CancellationToken cancellationToken, int generation = -1, string member = "")
    {
        await AtCoordinatorAsync("OffsetCommit", group, 0, 8, 2, request => request
            .Text(group).Int32(generation).Text(member).Int64(-1).Int32(1).Text(topic).Int32(1).Int32(partition).Int64(offset).Text(""), (ref reader) =>
        {
            reader.Skip(4);
            reader.SkipText();
            reader.Skip(8);
            return reader.Int16();
        }, cancellationToken);
    }

    /// <summary>Takes away what a group has committed to one partition, as expiry does.</summary>
    public async Task DeleteOffsetAsync(string group, string topic, int partition, CancellationToken cancellationToken)
    {
        await AtCoordinatorAsync(
            "OffsetDelete", group, 0, 47, 0, request => request.Text(group).Int32(1).Text(topic).Int32(1).Int32(partition), (ref reader) => reader.Int16(), cancellationToken);
    }

    /// <summary>Denies or allows an operation by an entry of its own.</summary>
    /// <param name="resource">2 topic, 3 group, 4 cluster.</param>
    /// <param name="operation">3 read, 8 describe.</param>
    public async Task AddAclAsync(int resource, string name, string user, int operation, bool deny, CancellationToken cancellationToken) =>
        Good("CreateAcls", await AskAsync(
            30, 1, request => request.Int32(1).Int8((sbyte)resource).Text(name).Int8(3).Text("User:" + user).Text("*").Int8((sbyte)operation).Int8(deny ? (sbyte)2 : (sbyte)3), cancellationToken), (ref reader) =>
        {
            reader.Skip(8);
            return reader.Int16();
        });

    /// <summary>Becomes the only member of a classic group that reads these partitions, without a heartbeat: it is one for the session's length of five minutes.</summary>
    public async Task<(int Generation, string Member)> JoinAsync(string group, string topic, int partitions, CancellationToken cancellationToken)
    {
        var (generation, member) = await EnterAsync(group, cancellationToken);
        using var assignment = new RequestWriter();
        assignment.Int16(0).Int32(1).Text(topic).Int32(partitions);
        for (var i = 0; i < partitions; i++)
        {
            assignment.Int32(i);
        }

        assignment.Int32(0);
        var bytes = assignment.Written.ToArray();
        await AtCoordinatorAsync(
            "SyncGroup", group, 0, 14, 1, request => request.Text(group).Int32(generation).Text(member).Int32(1).Text(member).Bytes(bytes), BehindThrottle, cancellationToken);
        return (generation, member);
    }

    /// <summary>Joins and does not go on: the group stays between two states.</summary>
    public async Task<(int Generation, string Member)> EnterAsync(string group, CancellationToken cancellationToken)
    {
        var joined = await AtCoordinatorAsync(
            "JoinGroup", group, 0, 11, 2, request => request.Text(group).Int32(300_000).Int32(300_000).Text("").Text("consumer").Int32(1).Text("range").Bytes(new byte[10]),
            BehindThrottle, cancellationToken);
        var reader = new ResponseReader(joined);
        reader.Skip(6);
        var generation = reader.Int32();
        reader.SkipText();
        reader.SkipText();
        return (generation, reader.Text());
    }

    /// <summary>Writes within a transaction that is left open.</summary>
    public async Task ProduceInTransactionAsync(string transaction, string topic, int partition, int count, CancellationToken cancellationToken)
    {
        var made = await AtCoordinatorAsync(
            "InitProducerId", transaction, 1, 22, 0, request => request.Text(transaction).Int32(60_000), BehindThrottle, cancellationToken);
        var (producer, epoch) = ProducerOf(made);
        await AtCoordinatorAsync("AddPartitionsToTxn", transaction, 1, 24, 0, request => request
            .Text(transaction).Int64(producer).Int16(epoch).Int32(1).Text(topic).Int32(1).Int32(partition), (ref reader) =>
        {
            reader.Skip(8);
            reader.SkipText();
            reader.Skip(8);
            return reader.Int16();
        }, cancellationToken);
        using var leader = await LeaderAsync(topic, partition, cancellationToken);
        if (!await leader.AppendAsync(topic, partition, RecordBatch(count, producer, epoch), transaction, cancellationToken))
        {
            throw new InvalidOperationException($"{topic}/{partition} has another leader by now");
        }
    }

    public void Dispose() => _tcp.Dispose();

    public async Task<KafkaClient> CoordinatorAsync(string key, sbyte kind, CancellationToken cancellationToken)
    {
        var port = 0;
        await Eventually.TrueAsync($"a coordinator for {key}", async () =>
        {
            var answer = CoordinatorAnswer.Read(await AskAsync(10, 1, request => request.Text(key).Int8(kind), cancellationToken));
            port = answer!.Place.Port;
            return answer.Error == 0;
        }, cancellationToken);
        return await ConnectAsync(port, cancellationToken);
    }

    private async Task<KafkaClient> LeaderAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        var cluster = await MetadataAsync(cancellationToken, topic);
        var leader = cluster.Topics[0].Partitions.First(one => one.Id == partition).Leader;
        return await ConnectAsync(cluster.Brokers[leader].Port, cancellationToken);
    }

    /// <summary>Asks whoever coordinates a group (kind 0) or a transaction (kind 1), again while that is moving, loading or at work.</summary>
    private async Task<byte[]> AtCoordinatorAsync(
        string what, string key, sbyte kind, int api, short version, Action<RequestWriter> body, ErrorOf read, CancellationToken cancellationToken) =>
        await Eventually.GetAsync($"{what} {key}", async () =>
        {
            using var coordinator = await CoordinatorAsync(key, kind, cancellationToken);
            var answer = await coordinator.AskAsync(api, version, body, cancellationToken);
            if (KafkaError.IsCoordinatorAway(Read(answer, read)) || Read(answer, read) == ConcurrentTransactions)
            {
                return null;
            }

            Good($"{what} {key}", answer, read);
            return answer;
        }, cancellationToken);

    private static short BehindThrottle(ref ResponseReader reader)
    {
        reader.Skip(4);
        return reader.Int16();
    }

    private static (long Id, short Epoch) ProducerOf(byte[] answer)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(6);
        return (reader.Int64(), reader.Int16());
    }

    private delegate short ErrorOf(ref ResponseReader reader);

    private static short Read(byte[] answer, ErrorOf read)
    {
        var reader = new ResponseReader(answer);
        return read(ref reader);
    }

    private static void Good(string what, byte[] answer, ErrorOf read)
    {
        var error = Read(answer, read);
        if (error != 0)
        {
            throw new InvalidOperationException($"{what}: {KafkaError.Words(error)}");
        }
    }

    /// <summary>The second format of record batches: a header, then records with lengths in zigzag varints.</summary>
    private static byte[] RecordBatch(int count, long producer, short epoch)
    {
        var value = Encoding.ASCII.GetBytes("0123456789");
        using var batch = new RequestWriter();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        batch.Int16(producer >= 0 ? (short)0x10 : (short)0).Int32(count - 1).Int64(now).Int64(now).Int64(producer).Int16(epoch).Int32(producer >= 0 ? 0 : -1).Int32(count);
        for (var i = 0; i < count; i++)
        {
            using var record = new RequestWriter();
            Varint(record.Int8(0), 0);
            Varint(record, i);
            Varint(record, -1);
            Varint(record, value.Length);
            Varint(record.Raw(value), 0);
            Varint(batch, record.Written.Length);
            batch.Raw(record.Written.Span);
        }

        var body = batch.Written.ToArray();
        using var whole = new RequestWriter();
        whole.Int64(0).Int32(body.Length + 9).Int32(-1).Int8(2).Int32((int)Checksum(body)).Raw(body);
        return whole.Written.ToArray();
    }

    private static void Varint(RequestWriter writer, int value)
    {
        var zigzag = (uint)((value << 1) ^ (value >> 31));
        while (zigzag >= 0x80)
        {
            writer.Int8((sbyte)(byte)(zigzag | 0x80));
            zigzag >>= 7;
        }

        writer.Int8((sbyte)(byte)zigzag);
    }

    private static uint Checksum(byte[] bytes)
    {
        var checksum = uint.MaxValue;
        foreach (var one in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, one);
        }

        return ~checksum;
    }
}
