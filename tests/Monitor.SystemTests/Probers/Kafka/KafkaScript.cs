using System.Buffers.Binary;
using Monitor.Probers.Kafka;
using Monitor.SystemTests.Servers;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>A broker from transcripts: answers each request by its kind, whole or in pieces, rightly or as told. Node 0 of a cluster of its own.</summary>
internal sealed class KafkaScript : IAsyncDisposable
{
    private readonly ScriptedServer _server;
    private readonly Dictionary<KafkaApi, Func<int, byte[]?>> _answers = [];
    private readonly Dictionary<KafkaApi, int> _asked = [];
    private readonly Lock _lock = new();

    private KafkaScript() => _server = ScriptedServer.Start(ServeAsync);

    public int Port => _server.Port;

    public string Address => $"127.0.0.1:{Port}";

    public int Connections => _server.Accepted;

    /// <summary>Bytes a write; 0: whole answers.</summary>
    public int Piece { get; init; }

    /// <summary>One topic, orders, of one partition; the group billing has read 7 of 10 records.</summary>
    public static KafkaScript Healthy(int piece = 0)
    {
        var script = new KafkaScript { Piece = piece };
        script.On(KafkaApi.ApiVersions, "0000" + "00000006" + "000200010006" + "000300000009" + "000900010008" + "000a00000003" + "000f00000004" + "001200000003");
        script.On(KafkaApi.Metadata, _ => Convert.FromHexString("00000000" + script.Brokers() + "ffff" + "00000000" + Topic("0000", "00000000")));
        script.On(KafkaApi.FindCoordinator, _ => script.Coordinator(0));
        script.On(KafkaApi.OffsetFetch, "00000000" + "00000001" + "00066f7264657273" + "00000001" + "00000000" + "0000000000000007" + "ffff" + "0000" + "0000");
        script.On(KafkaApi.DescribeGroups, "00000000" + "00000001" + "0000" + "000762696c6c696e67" + "0006537461626c65" + "0000" + "0000" + "00000001" + "00016d" + "ffff" + "000163" + "000168" + "00000000" + "00000000" + "80000000");
        script.On(KafkaApi.ListOffsets, asked => Offset(0, asked % 2 == 1 ? 10 : 0));
        return script;
    }

    /// <summary>The answer from now on, in hex, behind the correlation id.</summary>
    public void On(KafkaApi api, string hex) => On(api, _ => Convert.FromHexString(hex));

    /// <summary>No answer to this nor to anything later, and the connection stays.</summary>
    public static readonly byte[] Silence = [];

    /// <param name="answer">Of how many questions of this kind there have been, this one included; null: hangs up.</param>
    public void On(KafkaApi api, Func<int, byte[]?> answer)
    {
        lock (_lock)
        {
            _answers[api] = answer;
        }
    }

    public int Asked(KafkaApi api)
    {
        lock (_lock)
        {
            return _asked.GetValueOrDefault(api);
        }
    }

    public byte[] Coordinator(short error) => Convert.FromHexString("00000000" + error.ToString("x4", null) + "ffff" + "00000000" + Place(Port));

    /// <summary>Brokers of the metadata: this one, and others at the ports told.</summary>
    public string Brokers(params int[] others)
    {
        var all = (int[])[Port, .. others];
        return all.Length.ToString("x8", null) + string.Concat(all.Select((port, id) => id.ToString("x8", null) + Place(port) + "ffff"));
    }

    public static string Topic(string error, string leader) =>
        "00000001" + error + "00066f7264657273" + "00" + "00000001" + "0000" + "00000000" + leader + "00000001" + "00000000" + "00000001" + "00000000" + "00000000";

    public static byte[] Offset(short error, long offset) => Convert.FromHexString(
        "00000000" + "00000001" + "00066f7264657273" + "00000001" + "00000000" + error.ToString("x4", null) + "ffffffffffffffff" + offset.ToString("x16", null));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Place(int port) => "0009" + "3132372e302e302e31" + port.ToString("x8", null);

    private async Task ServeAsync(Stream stream, CancellationToken token)
    {
        var head = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(head, token);
            var request = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
            await stream.ReadExactlyAsync(request, token);
            var api = (KafkaApi)BinaryPrimitives.ReadInt16BigEndian(request);
            byte[]? answer;
            lock (_lock)
            {
                var asked = _asked[api] = _asked.GetValueOrDefault(api) + 1;
                answer = _answers.TryGetValue(api, out var make) ? make(asked) : null;
            }

            if (answer is null)
            {
                return;
            }

            if (ReferenceEquals(answer, Silence))
            {
                await new TaskCompletionSource().Task.WaitAsync(token);
            }

            var frame = new byte[8 + answer.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, 4 + answer.Length);
            request.AsSpan(4, 4).CopyTo(frame.AsSpan(4));
            answer.CopyTo(frame, 8);
            foreach (var piece in Piece == 0 ? [frame] : frame.Chunk(Piece))
            {
                await stream.WriteAsync(piece, token);
                await stream.FlushAsync(token);
            }
        }
    }
}
