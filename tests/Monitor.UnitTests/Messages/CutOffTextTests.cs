using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Messages;
using Xunit;
using static Monitor.UnitTests.Messages.SampleAlerts;

namespace Monitor.UnitTests.Messages;

public sealed class CutOffTextTests
{
    private static readonly DateTimeOffset Now = Start + TimeSpan.FromSeconds(65);

    [Fact]
    public void It_says_who_is_cut_off_since_when_and_what_it_sees()
    {
        var text = CutOffText.Markdown("silo-2", Start, 12, [new("数据库", "10.0.0.5:5432", "connect: connection refused"), new("site <@all>", "http://x/", "http: 500")], Now, English);
        Assert.Equal(
            """
            ### <font color="warning">This monitor is cut off</font> silo-2
            > Meaning: it reaches neither its store nor most of the other monitors. It looks on, but records nothing and tells nothing else; others may have taken its targets over, or nobody may watch them
            > Since: 2026-01-01 08:00:00 +08:00 Asia/Shanghai
            > Lasted: 1 minute 5 seconds
            > Seen down: 2 of 12 targets
            <font color="comment">as seen from here: the cause may be this monitor's own network</font>
            数据库 (10.0.0.5:5432) · connect: connection refused
            site ＜@all> (http://x/) · http: 500
            """,
            text);
    }

    [Fact]
    public void It_exists_in_Chinese_and_says_so_when_nothing_is_seen_down()
    {
        var text = CutOffText.Markdown("节点二", Start, 12, [], Now, Chinese);
        Assert.StartsWith("### <font color=\"warning\">本监控节点已失联</font> 节点二\n> 说明: ", text, StringComparison.Ordinal);
        Assert.EndsWith("\n> 所见异常: 12 个目标中的 0 个", text, StringComparison.Ordinal);
    }

    [Fact]
    public void However_much_is_down_it_fits_and_what_is_left_out_is_counted() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(Seeds.Any, static seed =>
        {
            var random = new Random(seed);
            var down = Enumerable.Range(0, random.Next(1, 400)).Select(_ => new CutOffLine(
                "n" + AlertTextTests.Wild(random, 200), AlertTextTests.Wild(random, 400), AlertTextTests.Wild(random, 1000))).ToArray();
            var options = random.Next(2) == 0 ? Chinese : English;
            var text = CutOffText.Markdown("s" + AlertTextTests.Wild(random, 300), Start, 20_000, down, Now, options);
            Assert.True(ByteCut.Count(text) <= 4096);
            var lines = text.Split('\n')[6..];
            var last = lines[^1];
            var more = last.StartsWith("and ", StringComparison.Ordinal) || last.StartsWith("另有 ", StringComparison.Ordinal) ? int.Parse(last.Split(' ')[1], CultureInfo.InvariantCulture) : 0;
            Assert.Equal(down.Length, (more > 0 ? lines.Length - 1 : lines.Length) + more);
            Assert.True(more == 0 || lines.Length > 5);
        }));
}
