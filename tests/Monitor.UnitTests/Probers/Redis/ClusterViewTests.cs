using Monitor.Core.Configs;
using Monitor.Probers.Redis;
using Xunit;

namespace Monitor.UnitTests.Probers.Redis;

public sealed class ClusterViewTests
{
    private const string Id = "8a5ecc73c71dbb32f430d238b3abc76299ff474a";

    [Fact]
    public void The_golden_lines_are_read()
    {
        var healthy = ClusterNode.Read($"{Id} 127.0.0.1:17003@27003 master - 0 1795326233537 3 connected 10923-16383")!;
        var stopped = ClusterNode.Read($"{Id} 127.0.0.1:17003@27003 master,fail - 1795326236551 1795326235547 3 connected 10923-16383")!;
        Assert.Equal(new NodeAddress("127.0.0.1", 17003), healthy.Address);
        Assert.Equal([new SlotRange(10923, 16383)], healthy.Slots);
        Assert.True(healthy.Votes);
        Assert.False(healthy.HasFailed);
        Assert.True(stopped.HasFailed);
    }

    [Theory]
    [InlineData("10.0.0.1:6379@16379,redis-1.example", "10.0.0.1:6379", "redis-1.example")]
    [InlineData("10.0.0.1:6379@16379,", "10.0.0.1:6379", null)]
    [InlineData("10.0.0.1:6379@16379,?", "10.0.0.1:6379", null)]
    [InlineData("10.0.0.1:6379@16379,,tls-port=6380,shard-id=abc", "10.0.0.1:6379", null)]
    [InlineData("10.0.0.1:6379@16379,redis-1,tls-port=0", "10.0.0.1:6379", "redis-1")]
    [InlineData("10.0.0.1:6379", "10.0.0.1:6379", null)]
    [InlineData("2001:db8::5:6379@16379", "[2001:db8::5]:6379", null)]
    [InlineData(":6379@16379,redis-1", "redis-1:6379", null)]
    [InlineData(":6379@16379", null, null)]
    [InlineData(":0@0", null, null)]
    [InlineData("nonsense", null, null)]
    public void Addresses_of_every_version_are_read(string field, string? address, string? hostName)
    {
        var node = ClusterNode.Read($"{Id} {field} slave,fail? 1234 0 0 1 disconnected")!;
        Assert.Equal(address, node.Address?.ToString());
        Assert.Equal(hostName, node.HostName);
        Assert.Equal(NodeFlags.Replica | NodeFlags.Suspected, node.Flags);
    }

    [Fact]
    public void Slots_on_their_way_are_no_slots_of_their_own()
    {
        var node = ClusterNode.Read($"{Id} h:1@2 myself,master - 0 0 1 connected 0-5 7 [8->-{Id}] [9-<-{Id}] 99999 5-3")!;
        Assert.Equal([new SlotRange(0, 5), new SlotRange(7, 7)], node.Slots);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one two")]
    [InlineData("vars currentEpoch 6 lastVoteEpoch 0")]
    public void Other_lines_are_left_out(string line) => Assert.Null(ClusterNode.Read(line));

    [Fact]
    public void Ranges_are_named_as_ranges()
    {
        var set = new SlotSet();
        set.Add(new SlotRange(0, 5460));
        set.Add(new SlotRange(5462, 16383));
        Assert.Equal("5461", set.Others().ToString());
        Assert.Equal("0-5460, 5462-16383", set.ToString());
        var scattered = new SlotSet();
        for (var slot = 0; slot < 40; slot += 2)
        {
            scattered.Add(new SlotRange(slot, slot));
        }

        Assert.Equal("0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 10 more ranges", scattered.ToString());
        Assert.Equal(SlotSet.Slots, new SlotSet().Others().Count);
    }

    [Fact]
    public void Info_of_every_kind_of_server_is_read()
    {
        var redis = Info("# Server\r\nredis_version:4.0.14\r\nredis_mode:cluster\r\nrole:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1\r\nslave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0\r\nmaster_repl_offset:28\r\n");
        Assert.Equal(("4.0.14", "cluster", false, 28L), (redis.Version, redis.Mode, redis.IsReplica, redis.Offset));
        Assert.Equal([new ReplicaLine(new NodeAddress("10.0.0.2", 6379), "online", 14), new ReplicaLine(new NodeAddress("10.0.0.3", 6379), "wait_bgsave", 0)], redis.Replicas);
        Assert.Equal(1, redis.OnlineReplicas);
        var valkey = Info("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\nserver_mode:standalone\r\nrole:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:12\r\n");
        Assert.Equal(("8.0.1", "standalone", true, false, 12L), (valkey.Version, valkey.Mode, valkey.IsReplica, valkey.LinkIsUp, valkey.LinkDownSeconds));
        var sentinel = Info("redis_mode:sentinel\nsentinel_masters:2\nmaster0:name=a,status=ok,address=h:1,slaves=0,sentinels=1\nmaster1:status=ok,name=b\n");
        Assert.Equal(["a", "b"], sentinel.MasterNames);
        Assert.Null(Info("used_memory:lots\r\nmaxmemory:0\r\n:\r\nrole\r\n").UsedMemory);
        Assert.Equal(50, Info("used_memory:5\r\nmaxmemory:10").MemoryPercent);
    }

    private static RedisInfo Info(string text)
    {
        var info = new RedisInfo();
        info.Add(System.Text.Encoding.UTF8.GetBytes(text));
        return info;
    }
}
