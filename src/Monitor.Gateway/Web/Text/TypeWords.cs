using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>What each type is for, in one line.</summary>
internal static class TypeWords
{
    public static readonly IReadOnlyDictionary<string, LocalizedText> Lines = new Dictionary<string, LocalizedText>(StringComparer.Ordinal)
    {
        ["http"] = new("Websites and APIs: status, body, headers, JSON, certificate", "网站与接口：状态码、正文、响应头、JSON、证书"),
        ["tcp"] = new("A port: connects, may send and expect a text", "端口：连接，可发送并匹配应答"),
        ["ping"] = new("A host: loss and round trip by ICMP echo", "主机：ICMP 丢包率与往返时间"),
        ["postgresql"] = new("A database: connections, replication lag, slow queries, size", "数据库：连接数、复制延迟、慢查询、大小"),
        ["redis"] = new("Standalone, cluster or sentinel: every node, slots, replicas", "单机、集群或哨兵：各节点、槽位、副本"),
        ["kafka"] = new("A cluster, or the lag of a consumer group", "集群状态或消费组积压"),
        ["cassandra"] = new("A cluster: every node, schema, versions", "集群：各节点、Schema、版本"),
        ["dns"] = new("A name server's answer", "域名服务器的应答"),
    };

    public static LocalizedText? About(string type) => Lines.TryGetValue(type, out var line) ? line : null;
}
