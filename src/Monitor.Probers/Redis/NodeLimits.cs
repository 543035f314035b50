using System.Globalization;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>The limits and links of a single node.</summary>
internal static class NodeLimits
{
    /// <param name="who">Stands before each warning: empty, or <c>10.0.0.1:6379: </c>.</param>
    public static void Judge(Verdict verdict, RedisConfig config, string who, RedisInfo info)
    {
        if (info.MemoryPercent is { } memory && memory > config.WarnMemoryPercent)
        {
            verdict.Warn($"{who}memory {ProbeRun.Text(memory)} % of maxmemory > warn_memory_percent {ProbeRun.Text(config.WarnMemoryPercent)}");
        }

        if (info.ClientsPercent is { } clients && clients > config.WarnClientsPercent)
        {
            verdict.Warn($"{who}clients {ProbeRun.Text(clients)} % of maxclients > warn_clients_percent {ProbeRun.Text(config.WarnClientsPercent)}");
        }

        if (info.IsReplica == true && info.LinkIsUp == false)
        {
            var since = info.LinkDownSeconds is >= 0 and var seconds ? string.Create(CultureInfo.InvariantCulture, $" since {seconds} s") : "";
            verdict.Warn($"{who}replication link to master {MasterOf(info)} is down{since}");
        }

        JudgeReplicas(verdict, config, who, info);
    }

    /// <summary>The role in the words of <c>expect_role</c>; null: not told.</summary>
    public static string? RoleOf(RedisInfo info) => info.IsReplica is { } replica ? replica ? "replica" : "master" : null;

    public static void JudgeRole(Verdict verdict, RedisConfig config, RedisInfo info)
    {
        if (config.ExpectRole is { } expected && info.IsReplica is { } replica && replica != (expected == RedisRole.Replica))
        {
            verdict.Fail($"role {RoleOf(info)}, expected {(expected == RedisRole.Replica ? "replica" : "master")}");
        }
    }

    private static void JudgeReplicas(Verdict verdict, RedisConfig config, string who, RedisInfo info)
    {
        foreach (var replica in info.Replicas)
        {
            if (!replica.IsOnline)
            {
                verdict.Warn($"{who}replica {replica.Address} is not online (state {replica.State})");
            }
            else if (info.Offset - replica.Offset is { } lag)
            {
                JudgeLag(verdict, config, $"{who}replica {replica.Address}", lag);
            }
        }

        if (info.IsReplica == true && info.ReadOffset - info.ReplicaOffset is { } behind)
        {
            JudgeLag(verdict, config, who.Length > 0 ? who.TrimEnd(' ', ':') : "the replica", behind);
        }
    }

    private static void JudgeLag(Verdict verdict, RedisConfig config, string who, long lag)
    {
        if (lag > config.WarnReplicationLagBytes)
        {
            verdict.Warn(string.Create(
                CultureInfo.InvariantCulture, $"{who} is {lag} bytes behind > warn_replication_lag_bytes {config.WarnReplicationLagBytes}"));
        }
    }

    private static string MasterOf(RedisInfo info) => info.MasterHost is { } host ? new NodeAddress(host, info.MasterPort).ToString() : "";
}
