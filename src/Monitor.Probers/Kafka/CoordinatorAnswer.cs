using Monitor.Core.Configs;

namespace Monitor.Probers.Kafka;

/// <summary>Which broker keeps a group.</summary>
public sealed record CoordinatorAnswer(short Error, int NodeId, NodeAddress Place)
{
    public const short Version = 1;

    public static void Ask(RequestWriter requests, string group) => requests.Begin(KafkaApi.FindCoordinator, Version).Text(group).Int8(0).End();

    public static CoordinatorAnswer? Read(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(sizeof(int));
        var error = reader.Int16();
        reader.SkipText();
        var (id, host, port) = (reader.Int32(), reader.Text(), reader.Int32());
        return reader.Broken ? null : new CoordinatorAnswer(error, id, new NodeAddress(host, port));
    }
}
