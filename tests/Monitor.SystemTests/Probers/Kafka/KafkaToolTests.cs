using System.Globalization;
using Monitor.Core.Probing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>The probe and Kafka's own tool must tell the same of groups that real consumers of both protocols are in, while records are being written.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaToolTests(KafkaCluster cluster)
{
    private static CancellationToken Token => KafkaBench.Token;

    [Fact]
    public async Task Lag_is_what_Kafkas_own_tool_says_in_both_protocols_while_records_are_written()
    {
        var servers = await cluster.OwnServersAsync();
        using var client = await servers.ConnectAsync(Token);
        var name = Guid.NewGuid().ToString("N")[..10];
        var (topic, classic, newer) = ("orders-" + name, "classic-" + name, "newer-" + name);
        await client.CreateTopicAsync(topic, [[0, 1, 2], [1, 2, 0], [2, 0, 1]], Token);
        await client.ProduceAsync(topic, 0, 40, Token);
        await client.ProduceAsync(topic, 1, 30, Token);
        await client.ProduceAsync(topic, 2, 20, Token);

        // They read what there is and commit it once, at the first interval; then the next one is an hour away: what is written from here on is lag.
        await using var older = await ConsumerAsync(servers, topic, classic, "classic");
        await using var younger = await ConsumerAsync(servers, topic, newer, "consumer");
        var targets = new[] { classic, newer }.Select(group => new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, stalled_after_probes = 0 })).ToArray();
        foreach (var target in targets)
        {
            await target.UntilAsync("all is read and committed", result => result.Outcome == ProbeOutcome.Ok && result.Metrics["group_state"]?.Text == "Stable"
                && result.Number("partitions_without_commit") == 0 && result.Number("lag") == 0);
        }

        // Frozen, they commit nothing more; members they stay for as long as their session lasts.
        older.Signal(Signal.Stop);
        younger.Signal(Signal.Stop);
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var producer = ProduceAsync(servers, topic, writing.Token);
        var before = new[] { await targets[0].ProbeAsync(), await targets[1].ProbeAsync() };
        var told = await KafkaServers.ToolAsync(Token, "groups", "--bootstrap-server", servers.Plain(0), "--describe", "--group", classic, "--group", newer);
        var after = new[] { await targets[0].ProbeAsync(), await targets[1].ProbeAsync() };
        await writing.CancelAsync();
        var written = await producer;
        Assert.True(written > 10, "nothing was written meanwhile");
        foreach (var (group, i) in new[] { (classic, 0), (newer, 1) })
        {
            Assert.Equal((1d, "Stable"), (before[i].Number("members"), before[i].Metrics["group_state"]!.Value.Text));
            Assert.InRange(LagOf(told, group), before[i].Number("lag")!.Value, after[i].Number("lag")!.Value);
        }

        // Quiet again, the numbers are the same to the record.
        var last = await KafkaServers.ToolAsync(Token, "groups", "--bootstrap-server", servers.Plain(0), "--describe", "--group", classic, "--group", newer);
        foreach (var (group, i) in new[] { (classic, 0), (newer, 1) })
        {
            var result = await targets[i].ProbeAsync();
            Assert.Equal(written, result.Number("lag"));
            Assert.Equal(LagOf(last, group), result.Number("lag"));
        }

        // A consumer of the newer protocol may not be taken for a group that does not exist, nor its dead members for living ones.
        await older.KillAsync();
        await younger.KillAsync();
    }

    private static async Task<int> ProduceAsync(KafkaServers servers, string topic, CancellationToken cancellationToken)
    {
        using var client = await servers.ConnectAsync(Token);
        var written = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            await client.ProduceAsync(topic, written % 3, 1, Token);
            written++;
            await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(20), Token);
        }

        return written;
    }

    private static async Task<ChildProcess> ConsumerAsync(KafkaServers servers, string topic, string group, string protocol)
    {
        // The script gives way to java only as its child: both must be frozen and ended.
        return await ChildProcess.StartAsync("bash", [
            "-c", "source <(sed -n '/^here=/,/^opts=/p' \"$1\" | sed \"s#^here=.*#here=$(dirname \"$1\")#\"); exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "
                + "-Dlog4j2.configurationFile=\"$here/conf/log4j2.properties\" -Dmonitor.log=/dev/null -cp \"$cp\" org.apache.kafka.tools.consumer.ConsoleConsumer \"${@:2}\"",
            "consumer", SharedServers.Find("kafka")!, "--bootstrap-server", servers.Plain(0), "--topic", topic, "--group", group, "--from-beginning",
            "--consumer-property", "group.protocol=" + protocol, "--consumer-property", "auto.commit.interval.ms=500"]);
    }

    /// <summary>The sum of the column LAG over a group's lines.</summary>
    private static long LagOf(string told, string group) => told.Split('\n')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(columns => columns.Length > 5 && columns[0] == group)
        .Sum(columns => long.Parse(columns[5], CultureInfo.InvariantCulture));
}
