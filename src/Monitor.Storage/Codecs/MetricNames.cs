namespace Monitor.Storage.Codecs;

/// <summary>The names of metrics by number, so that a block does not spell them. Append only: the place in the list is what is stored.</summary>
internal static class MetricNames
{
    private static readonly string[] Names =
    [
        "dns_ms", "connect_ms", "address", "tls_ms", "tls_version", "cert_days_left",
        "status_code", "ttfb_ms", "transfer_ms", "body_bytes", "redirects", "http_version", "received_bytes",
        "loss_percent", "rtt_min_ms", "rtt_avg_ms", "rtt_max_ms", "ttl",
        "select_ms", "active_connections", "total_connections", "max_connections", "connection_usage_percent", "database_size_bytes", "database_size",
        "replication_lag_seconds", "is_replica", "slow_queries", "version",
        "mode", "role", "used_memory_bytes", "memory_percent", "connected_clients", "ops_per_second", "uptime_seconds", "replicas", "nodes", "nodes_up",
        "slots_ok", "slots_fail",
        "lag", "max_partition_lag", "lag_by_topic", "partitions", "partitions_without_commit", "group_state", "members", "brokers", "offline_partitions",
        "under_replicated_partitions",
        "cluster_name", "nodes_down", "nodes_unreachable", "datacenters", "schema_versions",
        "answers", "rcode", "ttl_seconds",
    ];

    private static readonly Dictionary<string, int> Numbers =
        Names.Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => pair.index, StringComparer.Ordinal);

    public static void Write(ByteWriter writer, string name)
    {
        if (Numbers.TryGetValue(name, out var number))
        {
            writer.Unsigned((ulong)number + 1);
        }
        else
        {
            writer.Unsigned(0);
            writer.Text(name);
        }
    }

    public static string Read(ref ByteReader reader)
    {
        var number = reader.Unsigned();
        return number == 0 ? reader.Text()
            : number <= (ulong)Names.Length ? Names[number - 1]
            : throw new FormatException("a stored metric has a name that only a newer version knows");
    }
}
