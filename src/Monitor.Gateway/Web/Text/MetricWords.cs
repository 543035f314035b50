using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Text;

/// <summary>What metrics are called, and how their values are said: the unit is the end of the name.</summary>
internal static class MetricWords
{
    public static readonly IReadOnlyDictionary<string, LocalizedText> Labels = new Dictionary<string, LocalizedText>(StringComparer.Ordinal)
    {
        ["address"] = new("Address that answered", "应答地址"),
        ["dns_ms"] = new("Name resolution", "域名解析"),
        ["connect_ms"] = new("Connecting", "建立连接"),
        ["tls_ms"] = new("TLS handshake", "TLS 握手"),
        ["tls_version"] = new("TLS version", "TLS 版本"),
        ["cert_days_left"] = new("Certificate, days left", "证书剩余天数"),
        ["status_code"] = new("Status code", "状态码"),
        ["ttfb_ms"] = new("First byte", "首字节"),
        ["transfer_ms"] = new("Transfer", "传输"),
        ["body_bytes"] = new("Body", "正文大小"),
        ["redirects"] = new("Redirects", "重定向次数"),
        ["http_version"] = new("HTTP version", "HTTP 版本"),
        ["received_bytes"] = new("Received", "已接收"),
        ["loss_percent"] = new("Loss", "丢包率"),
        ["rtt_min_ms"] = new("Fastest answer", "最短往返"),
        ["rtt_avg_ms"] = new("Average answer", "平均往返"),
        ["rtt_max_ms"] = new("Slowest answer", "最长往返"),
        ["ttl"] = new("TTL", "TTL 跳数"),
        ["select_ms"] = new("Smallest query", "最小查询耗时"),
        ["active_connections"] = new("Active connections", "活动连接"),
        ["total_connections"] = new("All connections", "全部连接"),
        ["max_connections"] = new("Connections allowed", "最大连接数"),
        ["connection_usage_percent"] = new("Connections in use", "连接使用率"),
        ["database_size_bytes"] = new("Size of the database", "数据库大小"),
        ["database_size"] = new("Size, as the server says it", "数据库大小（服务器表示）"),
        ["replication_lag_seconds"] = new("Replication lag", "复制延迟"),
        ["is_replica"] = new("Is a replica", "是否为副本"),
        ["slow_queries"] = new("Slow queries", "慢查询"),
        ["version"] = new("Version", "版本"),
        ["mode"] = new("Mode", "模式"),
        ["role"] = new("Role", "角色"),
        ["used_memory_bytes"] = new("Memory in use", "已用内存"),
        ["memory_percent"] = new("Memory of what is allowed", "内存使用率"),
        ["connected_clients"] = new("Clients", "客户端连接"),
        ["ops_per_second"] = new("Operations a second", "每秒操作数"),
        ["uptime_seconds"] = new("Running for", "已运行"),
        ["replicas"] = new("Replicas", "副本数"),
        ["nodes"] = new("Nodes", "节点数"),
        ["nodes_up"] = new("Nodes up", "正常节点"),
        ["nodes_down"] = new("Nodes down", "异常节点"),
        ["nodes_unreachable"] = new("Nodes not reachable from here", "此处不可达的节点"),
        ["slots_ok"] = new("Slots served", "正常槽位"),
        ["slots_fail"] = new("Slots not served", "异常槽位"),
        ["lag"] = new("Lag of the group", "消费组积压"),
        ["max_partition_lag"] = new("Largest lag of a partition", "单分区最大积压"),
        ["lag_by_topic"] = new("Lag by topic", "各主题积压"),
        ["partitions"] = new("Partitions", "分区数"),
        ["partitions_without_commit"] = new("Partitions without a commit", "未提交位移的分区"),
        ["group_state"] = new("State of the group", "消费组状态"),
        ["members"] = new("Members", "成员数"),
        ["brokers"] = new("Brokers", "Broker 数"),
        ["offline_partitions"] = new("Partitions without leader", "无 Leader 分区"),
        ["under_replicated_partitions"] = new("Under-replicated partitions", "副本不足分区"),
        ["cluster_name"] = new("Cluster", "集群名称"),
        ["datacenters"] = new("Nodes by datacenter", "各数据中心节点"),
        ["schema_versions"] = new("Schema versions", "Schema 版本数"),
    };

    /// <summary>A metric that is new here goes by its own name.</summary>
    public static string Label(string name, Language language) =>
        Labels.TryGetValue(name, out var label) ? label.In(language) : Humanized(name);

    public static string Value(Metric metric, Visitor visitor)
    {
        var value = metric.Value;
        if (value.Truth is { } truth)
        {
            return visitor.T(truth ? CommonWords.Yes : CommonWords.No);
        }

        if (value.List is { } list)
        {
            return list.Count == 0 ? visitor.T(CommonWords.None) : string.Join(", ", list);
        }

        return value.Number is { } number ? Number(metric.Name, number, visitor.Language) : value.Text ?? "–";
    }

    internal static string Humanized(string name) => name.Length == 0 ? name : char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    private static string Number(string name, double number, Language language)
    {
        if (!double.IsFinite(number))
        {
            return "–";
        }

        return name switch
        {
            _ when name.EndsWith("_ms", StringComparison.Ordinal) => Spoken.Latency(number),
            _ when name.EndsWith("_bytes", StringComparison.Ordinal) => Spoken.Bytes(number),
            _ when name.EndsWith("_percent", StringComparison.Ordinal) => Spoken.Count(Math.Round(number, 1)) + " %",
            _ when name.EndsWith("_seconds", StringComparison.Ordinal) && number >= 60 => Spoken.Lasted(TimeSpan.FromSeconds(number), language),
            _ when name.EndsWith("_seconds", StringComparison.Ordinal) => Spoken.Count(number) + " s",
            _ => Spoken.Count(number),
        };
    }
}
