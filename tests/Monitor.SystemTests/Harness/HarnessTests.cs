using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Harness;

/// <summary>What all other tests lean on.</summary>
public sealed class HarnessTests
{
    [Fact]
    public async Task Nginx_answers_is_gone_and_is_back_on_the_same_port()
    {
        Requires.Nginx();
        await using var nginx = await NginxServer.StartAsync(Scene.Token, accessLog: true);
        using var http = new HttpClient();
        Assert.Equal("up\n", await http.GetStringAsync(nginx.Url + "page", Scene.Token));

        // It writes the line when the answer has left.
        await Eventually.TrueAsync("the request is in the log", () => nginx.Requests().Any(request => request.Path == "/page"), Scene.Token);

        await nginx.StopAsync(Scene.Token);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(nginx.Url, Scene.Token));
        await nginx.StartAgainAsync(Scene.Token);
        Assert.Equal("up\n", await http.GetStringAsync(nginx.Url, Scene.Token));
    }

    [Fact]
    public async Task A_tcp_server_refuses_while_it_is_gone()
    {
        await using var server = TcpServer.Http();
        using var http = new HttpClient();
        var url = $"http://127.0.0.1:{server.Port}/";
        Assert.Equal("up\n", await http.GetStringAsync(url, Scene.Token));
        await server.StopAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(url, Scene.Token));
        server.Start();
        Assert.Equal("up\n", await http.GetStringAsync(url, Scene.Token));
    }

    [Fact]
    public async Task A_childs_output_and_end_are_seen()
    {
        await using var child = await ChildProcess.StartAsync("bash", ["-c", "echo out; echo err >&2; exit 7"]);
        Assert.Equal(7, await child.WaitForExitAsync(Scene.Token));
        Assert.Equal(["err", "out"], child.Output.Split('\n').Order(StringComparer.Ordinal));

        await using var sleeper = await ChildProcess.StartAsync("sleep", ["1000"]);
        await sleeper.KillAsync();
        Assert.Equal(137, sleeper.ExitCode);
    }

    [Fact]
    public void Metrics_are_read_as_a_scraper_reads_them()
    {
        var page = new MetricsText("""
            # HELP runs All.
            # TYPE runs counter
            runs{type="a",outcome="ok"} 3
            runs{type="b",outcome="ok"} 4
            runs{type="b",outcome="failed"} 1
            plain 2.5
            took_bucket{type="a",le="0.01"} 90
            took_bucket{type="a",le="0.1"} 99
            took_bucket{type="a",le="+Inf"} 100
            took_count{type="a"} 100
            """);
        Assert.Equal(7, page.Sum("runs", "outcome=\"ok\""));
        Assert.Equal(2.5, page.Sum("plain"));
        Assert.Equal(0.01, page.Quantile("took", 0.9));
        Assert.Equal(0.1, page.Quantile("took", 0.95));
        Assert.Equal(double.PositiveInfinity, page.Quantile("took", 1));
    }

    [Theory]
    [InlineData("告警 till\n失败: recovered is a word of the target\n#7-3", "F")]
    [InlineData("已恢复 till\n#7-3", "R")]
    [InlineData("Monitor: 2\n- firing till #7-3\n- resolved shop #8-1", "FR")]
    [InlineData("no longer monitored: till #7-3", "R")]
    [InlineData("### 2 notices: 1 firing, 1 over\nResolved till #7-3 · 3 s · dns: firing line\nFiring shop #8-1 · 1 s · could not be resolved", "RF")]
    [InlineData("### <font color=\"info\">Firing → Resolved</font> till\n> Message: timeout\n> Reference: #7-3", "FR")]
    public void A_message_is_read_as_people_read_it(string content, string expected)
    {
        var message = new RobotMessage(0, "", 0, "", "markdown", content, []);
        Assert.Equal(expected, string.Concat(Notice.In([message]).Select(notice => notice.Resolved ? 'R' : 'F')));
    }
}
