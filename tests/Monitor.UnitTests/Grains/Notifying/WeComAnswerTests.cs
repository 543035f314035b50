using System.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Notifying.WeCom;
using Xunit;

namespace Monitor.UnitTests.Grains.Notifying;

public sealed class WeComAnswerTests
{
    private static readonly int[] Seconds = [31, 32, 38, 61];

    [Theory]
    [InlineData(200, """{"errcode":0,"errmsg":"ok"}""", "Ok", "0 ok")]
    [InlineData(200, """{"errcode":-1,"errmsg":"system busy"}""", "Busy", "-1 system busy")]
    [InlineData(200, """{"errcode":45033,"errmsg":"x"}""", "Busy", "45033 x")]
    [InlineData(200, """{"errcode":45009,"errmsg":"api freq out of limit"}""", "Throttled", "45009 api freq out of limit")]
    [InlineData(200, """{"errcode":40058,"errmsg":"markdown.content exceed max length 4096. invalid Request Parameter"}""", "TooLong", "40058 markdown.content exceed max length 4096. invalid Request Parameter")]
    [InlineData(200, """{"errcode":45002}""", "TooLong", "45002")]
    [InlineData(200, """{"errcode":93000,"errmsg":"invalid webhook url\nhint"}""", "Refused", "93000 invalid webhook url hint")]
    [InlineData(200, """{"errcode":44004,"errmsg":"\ud800"}""", "Refused", "44004")]
    [InlineData(400, """{"errcode":40008,"errmsg":"invalid msgtype"}""", "Refused", "40008 invalid msgtype")]
    [InlineData(200, """{"errcode":"0"}""", "Odd", "http 200: no errcode in {\"errcode\":\"0\"}")]
    [InlineData(200, "", "Odd", "http 200: empty answer, no errcode")]
    [InlineData(200, "[]", "Odd", "http 200: no errcode in []")]
    [InlineData(404, """{"errcode":0,"errmsg":"ok"}""", "Odd", "0 ok")]
    [InlineData(404, "<html>no key=abcdef here?key=abcdef</html>", "Odd", "http 404: no errcode in <html>no key=****** here?key=******</html>")]
    [InlineData(302, "", "Odd", "http 302: redirects are not followed")]
    [InlineData(502, "<html>Bad Gateway</html>", "Busy", "http 502: no errcode in <html>Bad Gateway</html>")]
    [InlineData(429, "slow down", "Busy", "http 429: no errcode in slow down")]
    public void The_errcode_in_the_body_decides(int status, string body, string outcome, string said)
    {
        var verdict = WeComAnswer.Read(status, body, ["abcdef"]);
        Assert.Equal((outcome, said), (verdict.Outcome.ToString(), verdict.Said));
    }

    [Fact]
    public void What_the_other_side_said_is_cut()
    {
        var verdict = WeComAnswer.Read(500, new string('错', 60_000), []);
        Assert.InRange(Encoding.UTF8.GetByteCount(verdict.Said), 490, 500);
        Assert.InRange(Encoding.UTF8.GetByteCount(verdict.Answer!), 1000, 1024);
    }

    [Fact]
    public void Bodies_are_the_golden_ones()
    {
        Assert.Equal(
            """{"msgtype":"text","text":{"content":"[告警] pg-main 连续 3 次失败","mentioned_list":["@all"],"mentioned_mobile_list":["13800001111"]}}""",
            Encoding.UTF8.GetString(WeComBody.Text("[告警] pg-main 连续 3 次失败", true, ["13800001111"])));
        Assert.Equal(
            """{"msgtype":"markdown","markdown":{"content":"### <font color=\"warning\">告警</font> pg-main\n> 类型: PostgreSQL\n> 错误: <font color=\"comment\">timeout</font>\n<@zhangsan>"}}""",
            Encoding.UTF8.GetString(WeComBody.Markdown("### <font color=\"warning\">告警</font> pg-main\n> 类型: PostgreSQL\n> 错误: <font color=\"comment\">timeout</font>\n<@zhangsan>")));
    }

    [Fact]
    public void No_character_goes_out_as_an_escape_that_the_robot_refuses()
    {
        var body = Encoding.UTF8.GetString(WeComBody.Markdown("😀 é\u00a0＜\\ \ud800 end"));
        Assert.Equal("{\"msgtype\":\"markdown\",\"markdown\":{\"content\":\"😀 é\u00a0＜\\\\ \ufffd end\"}}", body);
    }

    [Fact]
    public void A_slot_is_free_60_s_after_its_POST_ended_or_its_deadline_passed()
    {
        var budget = new SendBudget("robot");
        var start = new Moment(TimeSpan.Zero, RobotSimulation.Epoch);
        for (var at = 0; at < SendBudget.Slots; at++)
        {
            budget.Take($"m{at}", start);
        }

        budget.End("m0", Later(3));
        Assert.Equal((0, 0, 1), (budget.Free(Later(10).Elapsed), budget.Free(Later(63).Elapsed), budget.Free(Later(64).Elapsed)));

        // An earlier process's: one ended, one of unknown outcome, one from a clock that was ahead.
        var loaded = new SendBudget("robot");
        loaded.Load(
            [
                new("robot", "ended", RobotSimulation.Epoch, RobotSimulation.Epoch + TimeSpan.FromSeconds(1)),
                new("robot", "unknown", RobotSimulation.Epoch, null),
                new("robot", "ahead", RobotSimulation.Epoch + TimeSpan.FromHours(1), RobotSimulation.Epoch + TimeSpan.FromHours(1)),
            ],
            new Moment(TimeSpan.Zero, RobotSimulation.Epoch + TimeSpan.FromSeconds(30)));
        Assert.Equal([17, 18, 19, 20], Seconds.Select(at => loaded.Free(TimeSpan.FromSeconds(at))));
    }

    [Fact]
    public void After_the_wall_clock_jumped_the_stored_times_are_put_right()
    {
        var budget = new SendBudget("robot");
        budget.Take("m", new Moment(TimeSpan.Zero, RobotSimulation.Epoch));
        budget.End("m", Later(1));
        Assert.Empty(budget.Corrected(Later(10)));

        var jumped = new Moment(TimeSpan.FromSeconds(10), RobotSimulation.Epoch + TimeSpan.FromHours(1));
        Assert.Equal(RobotSimulation.Epoch + TimeSpan.FromHours(1) - TimeSpan.FromSeconds(9), Assert.Single(budget.Corrected(jumped)).EndedAt);
        Assert.Empty(budget.Corrected(jumped));
    }

    private static Moment Later(double seconds) => new(TimeSpan.FromSeconds(seconds), RobotSimulation.Epoch + TimeSpan.FromSeconds(seconds));
}
