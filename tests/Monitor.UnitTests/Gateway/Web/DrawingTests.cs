using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Charts;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Overview;
using Monitor.Gateway.Web.Targets;
using Monitor.Gateway.Web.Viewing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Gateway.Web;

public sealed class DrawingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_strip_joins_what_is_alike_and_is_taller_the_worse_it_was()
    {
        Mark[] strip = [Mark.None, Mark.Ok, Mark.Ok, Mark.Warned, Mark.Failed, Mark.Ok];
        Assert.Equal(
            "<path class=\"k\" d=\"M10 12v-5h20v5zM50 12v-5h10v5z\"/><path class=\"w\" d=\"M30 12v-9h10v9z\"/><path class=\"f\" d=\"M40 12v-12h10v12z\"/>",
            StripDrawing.Paths(strip));
        Assert.Equal("", StripDrawing.Paths(new Mark[30]));
    }

    [Fact]
    public void The_last_hour_keeps_the_worst_of_each_slot_forgets_what_is_older_and_stays_as_it_is_while_a_slot_is_empty()
    {
        var time = new FakeTime(Noon);
        var past = new RecentPast(time);
        past.Add(1, Noon, Mark.Failed);
        past.Add(1, Noon.AddSeconds(30), Mark.Ok);
        past.Add(1, Noon.AddMinutes(-4), Mark.Warned);
        past.Add(1, Noon.AddHours(-2), Mark.Failed);
        Assert.Equal([Mark.Warned, Mark.None, Mark.Failed], past.Of(1)[^3..]);
        Assert.Equal(2, past.Of(1).Count(mark => mark != Mark.None));

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([Mark.Warned, Mark.None, Mark.Failed], past.Of(1)[^3..]);
        past.Add(1, Noon.AddMinutes(2), Mark.Ok);
        Assert.Equal([Mark.None, Mark.Failed, Mark.Ok], past.Of(1)[^3..]);
        past.Add(1, Noon.AddHours(3), Mark.Ok);
        time.Advance(TimeSpan.FromHours(3));
        Assert.Single(past.Of(1), mark => mark != Mark.None);
    }

    [Fact]
    public void What_another_silo_has_seen_is_drawn_as_if_it_had_been_seen_here()
    {
        var time = new FakeTime(Noon);
        var (there, here) = (new RecentPast(time), new RecentPast(time));
        Assert.Null(there.Hour(1));
        there.Add(1, Noon, Mark.Failed);
        there.Add(1, Noon.AddMinutes(-6), Mark.Warned);
        here.Add(1, Noon.AddMinutes(-6), Mark.Ok);
        here.Add(1, Noon.AddMinutes(-4), Mark.Ok);

        here.Add(1, there.Hour(1)!);
        Assert.Equal([Mark.Warned, Mark.Ok, Mark.None, Mark.Failed], here.Of(1)[^4..]);
        here.Add(2, there.Hour(1)! with { Marks = "x9-" });
        Assert.All(here.Of(2), mark => Assert.Equal(Mark.None, mark));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.7, 1)]
    [InlineData(1, 1)]
    [InlineData(3.2, 5)]
    [InlineData(51, 100)]
    [InlineData(1200, 2000)]
    public void The_axis_of_a_chart_ends_at_a_round_number(double highest, double expected) => Assert.Equal(expected, LatencyChart.Nice(highest));

    [Fact]
    public void A_gap_in_the_checks_is_a_gap_in_the_line()
    {
        var minute = TimeSpan.FromMinutes(1);
        HistoryPoint[] points = [.. new[] { 0, 1, 5, 6 }.Select(at => new HistoryPoint(Noon + (minute * at), 1, 0, 0, 10, 20))];
        var chart = new LatencyChart(points, Noon, Noon + (minute * 10), minute);
        Assert.Equal(2, chart.Line.Count(c => c == 'M'));
        Assert.Equal((20, 10.0, 4L), (chart.Top, chart.Average!.Value, chart.Checks));
        Assert.Equal("", new LatencyChart([], Noon, Noon + minute, minute).Line);
    }

    [Fact]
    public void Uptime_bars_cover_the_whole_stretch_and_each_check_falls_into_one()
    {
        HistoryPoint[] points = [new(Noon.AddMinutes(-30), 5, 0, 0, 1, 1), new(Noon.AddMinutes(-1), 2, 2, 0, 1, 1), new(Noon.AddMinutes(-10), 4, 1, 0, 1, 1), new(Noon.AddHours(-5), 9, 9, 0, 1, 1)];
        var bars = UptimeBars.Of(points, Noon, TimeSpan.FromHours(1), TimeSpan.FromMinutes(5));
        Assert.Equal(12, bars.Count);
        Assert.Equal(11, bars.Sum(bar => bar.Checks));
        Assert.Equal("part", bars.Single(bar => bar.Checks == 4).Kind);
        Assert.Equal("down", bars.Single(bar => bar.Checks == 2).Kind);
    }

    [Fact]
    public void A_cluster_is_drawn_as_its_nodes_with_those_that_are_down_by_name()
    {
        Metric[] metrics = [new("nodes", 5.0), new("nodes_up", 3.0), new("nodes_down", MetricValue.Of(["a:1"])), new("nodes_unreachable", MetricValue.Of(["b:2"]))];
        Assert.Equal(["down", "unreachable", "up", "up", "up"], NodeMap.Of(metrics)!.Select(node => node.Kind));
        Assert.Equal(["down", "down", "up"], NodeMap.Of([new("nodes", 3.0), new("nodes_up", 1.0)])!.Select(node => node.Kind));
        Assert.Null(NodeMap.Of([new("ttl", 64.0)]));
    }

    [Theory]
    [InlineData(2, "just now", "刚刚")]
    [InlineData(59, "59 seconds ago", "59 秒前")]
    [InlineData(180, "3 minutes ago", "3 分钟前")]
    [InlineData(3_700, "1 hour ago", "1 小时前")]
    [InlineData(200_000, "2 days ago", "2 天前")]
    [InlineData(-120, "in 2 minutes", "2 分钟后")]
    public void Times_are_said_as_people_say_them(int seconds, string english, string chinese)
    {
        Assert.Equal(english, Spoken.Ago(Noon.AddSeconds(-seconds), Noon, Language.English));
        Assert.Equal(chinese, Spoken.Ago(Noon.AddSeconds(-seconds), Noon, Language.Chinese));
    }

    [Theory]
    [InlineData(100.0, "100 %")]
    [InlineData(99.99999, "99.9999 %")]
    [InlineData(99.999, "99.9990 %")]
    [InlineData(98.765, "98.76 %")]
    [InlineData(null, "–")]
    public void An_uptime_is_never_rounded_up(double? percent, string expected) => Assert.Equal(expected, Spoken.Percent(percent));
}
