using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.StandIns;

public sealed class WeComStandInTests
{
    [Fact]
    public async Task It_keeps_what_arrives_and_answers_by_script_then_ok()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: cancellationToken);
        robot.Script("k 1", RobotAnswer.Unknown);
        using var client = new HttpClient();
        var body = new { msgtype = "text", text = new { content = "你好", mentioned_list = new[] { "@all" }, mentioned_mobile_list = new[] { "13800001111" } } };

        using var refused = await client.PostAsJsonAsync(robot.Url("k 1"), body, cancellationToken);
        using var taken = await client.PostAsJsonAsync(robot.Url("k 1"), body, cancellationToken);

        Assert.Contains("93000", await refused.Content.ReadAsStringAsync(cancellationToken), StringComparison.Ordinal);
        Assert.Equal("""{"errcode":0,"errmsg":"ok"}""", await taken.Content.ReadAsStringAsync(cancellationToken));
        var message = await robot.WaitForAsync(message => message.Number == 1, cancellationToken);
        Assert.Equal(("k 1", "text", "你好"), (message.Key, message.MessageType, message.Content));
        Assert.Equal(["@all", "13800001111"], message.Mentions);
        Assert.Equal(2, robot.MostWithin("k 1", TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task It_keeps_what_arrives_from_a_sender_that_is_gone_before_it_has_looked()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: cancellationToken);
        const string body = """{"msgtype":"text","text":{"content":"bye"}}""";
        var request = Encoding.UTF8.GetBytes($"POST {new Uri(robot.Url("k")).PathAndQuery} HTTP/1.1\r\nHost: robot\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        const int senders = 100;
        await Parallel.ForAsync(0, senders, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken }, async (_, token) =>
        {
            using var sender = new TcpClient();
            await sender.ConnectAsync(IPAddress.Loopback, robot.Port, token);
            await sender.GetStream().WriteAsync(request, token);
        });

        var kept = await robot.WaitUntilAsync(messages => messages.Count >= senders, cancellationToken).WaitAsync(Eventually.Patience, cancellationToken);
        Assert.All(kept, message => Assert.Equal("bye", message.Content));
    }
}
