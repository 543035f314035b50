using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Alerts;
using Monitor.Core.Messages;
using Xunit;
using static Monitor.UnitTests.Messages.SampleAlerts;

namespace Monitor.UnitTests.Messages;

public sealed class AlertTextTests
{
    private static readonly string[] Kept = ["生产环境-PostgreSQL", "#7-3", "2026-01-01 08:00:00 +08:00", "https://monitor.example/targets/7"];

    [Fact]
    public void A_firing_message_says_all_that_is_known()
    {
        Assert.Equal(
            """
            ### <font color="warning">告警</font> 生产环境-PostgreSQL
            > 级别: 严重
            > 类型: postgresql
            > 地址: 10.0.0.5:5432/orders
            > 分组: 核心库
            > 失败次数: 3
            > 信息: <font color="comment">connect: connection refused</font>
            > 开始时间: 2026-01-01 08:00:00 +08:00 Asia/Shanghai
            > 持续时间: 1 分钟 30 秒
            > 编号: #7-3
            [查看详情](https://monitor.example/targets/7)
            """,
            AlertText.Markdown(NoticeKind.Firing, Firing, Start + TimeSpan.FromSeconds(90), Chinese));
    }

    [Fact]
    public void A_recovery_says_how_long_it_lasted_under_the_same_reference()
    {
        Assert.Equal(
            """
            ### <font color="info">Resolved</font> 生产环境-PostgreSQL
            > Severity: critical
            > Type: postgresql
            > Endpoint: 10.0.0.5:5432/orders
            > Group: 核心库
            > Failures: 3
            > Message: <font color="comment">connect: connection refused</font>
            > Started: 2026-01-01 08:00:00 +08:00 Asia/Shanghai
            > Resolved: 2026-01-01 09:05:00 +08:00 Asia/Shanghai
            > Lasted: 1 hour 5 minutes
            > Reference: #7-3
            [Details](https://monitor.example/targets/7)
            """,
            AlertText.Markdown(NoticeKind.Resolved, Resolved, Start + TimeSpan.FromHours(3), English));
    }

    [Theory]
    [InlineData(ResolvedReason.Disabled, "已停止监控", "> 原因: 监控已禁用")]
    [InlineData(ResolvedReason.Deleted, "已停止监控", "> 原因: 目标已删除")]
    [InlineData(ResolvedReason.Changed, "已停止监控", "> 原因: 目标类型已修改，或不再通知警告")]
    [InlineData(ResolvedReason.Recovered, "已恢复", "> 恢复时间")]
    public void Only_what_recovered_is_called_recovered(ResolvedReason reason, string title, string row)
    {
        var text = AlertText.Markdown(NoticeKind.Resolved, Resolved with { ResolvedReason = reason }, Start, Chinese);
        Assert.Contains(">" + title + "</font>", text, StringComparison.Ordinal);
        Assert.Contains(row, text, StringComparison.Ordinal);
        Assert.Equal(reason == ResolvedReason.Recovered, text.Contains("恢复", StringComparison.Ordinal));
    }

    [Fact]
    public void A_recovery_into_warnings_says_so_and_a_warning_is_called_one()
    {
        Assert.Contains("已恢复（仍有警告）", AlertText.Markdown(NoticeKind.Resolved, Resolved with { RecoveredIntoDegraded = true }, Start, Chinese), StringComparison.Ordinal);
        Assert.Contains("Firing (warning)", AlertText.Markdown(NoticeKind.Firing, Firing with { Severity = AlertSeverity.Warning }, Start, English), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_told_under_another_number_keeps_it() =>
        Assert.Contains("#7-2", AlertText.Markdown(NoticeKind.Resolved, Resolved with { ToldAs = 2 }, Start, Chinese), StringComparison.Ordinal);

    [Fact]
    public void Names_and_errors_can_neither_call_people_nor_break_the_layout()
    {
        var evil = Firing with { TargetName = "<@all>\n### x `y` **b**", Message = "<font color=\"info\">ok</font>\r\n[a](http://evil) &lt;@all&gt;", Group = "\u202Egroup" };
        var text = AlertText.Markdown(NoticeKind.Firing, evil, Start, Chinese);
        Assert.DoesNotContain("<@", text, StringComparison.Ordinal);
        Assert.DoesNotContain("&lt;", text, StringComparison.Ordinal);
        Assert.DoesNotContain("](http://evil", text, StringComparison.Ordinal);
        Assert.DoesNotContain("`", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", text, StringComparison.Ordinal);
        Assert.Equal(11, text.Split('\n').Length);
        Assert.Equal(2, text.Split("<font").Length - 1);
    }

    [Fact]
    public void A_long_error_is_cut_and_nothing_else()
    {
        var text = AlertText.Markdown(NoticeKind.Firing, Firing with { Message = string.Concat(Enumerable.Repeat("错误😀", 2000)) }, Start, Chinese);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 4080, 4096);
        Assert.Contains("…</font>", text, StringComparison.Ordinal);
        Assert.All(Kept, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public void No_text_at_all_breaks_the_limit_the_name_or_the_reference() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(Seeds.Any, static seed =>
        {
            var random = new Random(seed);
            var alert = Resolved with { TargetName = Wild(random, 200), Message = Wild(random, 6000), Endpoint = Wild(random, 3000), Group = Wild(random, 500) };
            var template = random.Next(2) == 0 ? null : Wild(random, 300).Replace("{", "", StringComparison.Ordinal) + "{{message}} {{name}} {{endpoint}} {{message}}";
            foreach (var kind in Enum.GetValues<NoticeKind>())
            {
                var text = AlertText.Markdown(kind, alert, Start, random.Next(2) == 0 ? Chinese : English, template);
                Assert.True(Encoding.UTF8.GetByteCount(text) <= 4096);
                Assert.Contains("#7-3", text, StringComparison.Ordinal);
                Assert.Contains(SafeText.Line(alert.TargetName), text, StringComparison.Ordinal);
                Assert.DoesNotContain("<@", template is null ? text : "", StringComparison.Ordinal);
                _ = new UTF8Encoding(false, true).GetBytes(template is null ? text : "");
            }
        }));

    /// <summary>Emoji with joiners, combining marks, lone surrogates, controls, markup.</summary>
    internal static string Wild(Random random, int most)
    {
        string[] pieces = ["a", "告", "😀", "👨‍👩‍👧", "e\u0301", "\ud800", "\udc00", "\n", "\0", "<", "@all>", "`", "**", "[x](y)", "&lt;", " ", "\u2028", "\u202e"];
        var text = new StringBuilder();
        for (var length = random.Next(most); text.Length < length;)
        {
            text.Append(pieces[random.Next(pieces.Length)]);
        }

        return text.ToString();
    }
}
