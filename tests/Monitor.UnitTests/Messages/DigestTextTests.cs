using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Alerts;
using Monitor.Core.Messages;
using Xunit;
using static Monitor.UnitTests.Messages.SampleAlerts;

namespace Monitor.UnitTests.Messages;

public sealed class DigestTextTests
{
    [Fact]
    public void A_small_digest_says_on_each_line_what_who_and_why()
    {
        var digest = DigestText.Compose(
            [new(NoticeKind.Firing, Firing), new(NoticeKind.Resolved, Resolved with { TargetId = 8 }), new(NoticeKind.Joined, Resolved with { TargetId = 9, ResolvedReason = ResolvedReason.Deleted })],
            5,
            Start + TimeSpan.FromSeconds(30),
            Chinese);
        Assert.Equal(3, digest.Told);
        Assert.Equal(
            """
            ### 共 3 条：告警 1，结束 1，告警后已结束 1；另有 2 条随后发送
            告警 生产环境-PostgreSQL #7-3 · 30 秒 · connect: connection refused
            已恢复 生产环境-PostgreSQL #8-3 · 1 小时 5 分钟 · connect: connection refused
            告警 → 已停止监控 生产环境-PostgreSQL #9-3 · 1 小时 5 分钟 · connect: connection refused
            [查看总览](https://monitor.example/)
            """,
            digest.Content);
    }

    [Theory]
    [InlineData("db-0001")]
    [InlineData("一个名字非常非常长的目标，长到在摘要里必须按字节截断才能放得下，否则一条消息只能写几行")]
    public void In_a_storm_at_least_60_lines_fit(string name)
    {
        var entries = Enumerable.Range(1, 5000).Select(id => new DigestEntry(NoticeKind.Firing, Firing with { TargetId = id, TargetName = name })).ToList();
        var digest = DigestText.Compose(entries, entries.Count, Start, Chinese);
        Assert.InRange(digest.Told, 60, 400);
        Assert.InRange(ByteCut.Count(digest.Content), 3700, 4096);
        Assert.Equal(digest.Told, digest.Content.Split('\n').Count(line => line.StartsWith("告警 ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_line_carries_a_name_a_reference_and_what_happened_within_the_limit() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Seeds.Any, static seed =>
        {
            var random = new Random(seed);
            var entries = Enumerable.Range(1, random.Next(1, 200)).Select(id => new DigestEntry(
                (NoticeKind)random.Next(3),
                Resolved with { TargetId = id, TargetName = "n" + AlertTextTests.Wild(random, 200), Message = AlertTextTests.Wild(random, 1000) })).ToList();
            var digest = DigestText.Compose(entries, entries.Count, Start, English);
            var lines = digest.Content.Split('\n')[1..^1];
            Assert.True(ByteCut.Count(digest.Content) <= 4096);
            Assert.Equal(digest.Told, lines.Length);
            for (var at = 0; at < lines.Length; at++)
            {
                Assert.StartsWith((entries[at].Kind switch { NoticeKind.Firing => "Firing", NoticeKind.Resolved => "Resolved", _ => "Firing → Resolved" }) + " n", lines[at], StringComparison.Ordinal);
                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $" #{at + 1}-3"), lines[at], StringComparison.Ordinal);
            }
        }));

    [Fact]
    public void Its_mention_names_the_first_and_counts_the_rest()
    {
        var text = DigestText.Brief([new(NoticeKind.Firing, Firing), new(NoticeKind.Firing, Firing with { TargetId = 8 })], Monitor.Core.Text.Language.Chinese);
        Assert.Equal("告警 生产环境-PostgreSQL #7-3 (+1)", text);
    }
}
