using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Notifying;

/// <summary>What robots do on a real connection and an in-memory one does not: cut it, redirect, answer without end, be away.</summary>
public sealed class RobotWireTests
{
    [Fact]
    public async Task A_message_arrives_and_its_answer_comes_back()
    {
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var test = await TestAsync(robot.Url("the-key"));
        Assert.Equal((true, 200, 0, "ok"), (test.Sent, test.HttpStatus, test.ErrCode, test.ErrMsg));
        Assert.Contains("Test message", robot.Messages.Single().Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_cut_after_the_message_leaves_its_arrival_open()
    {
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        robot.Script("the-key", RobotAnswer.Cut);
        var test = await TestAsync(robot.Url("the-key"));
        Assert.False(test.Sent);
        Assert.EndsWith("the message may have arrived", test.Answer, StringComparison.Ordinal);
        Assert.Single(robot.Messages);
    }

    [Fact]
    public async Task Nobody_listening_means_it_has_not_arrived()
    {
        var test = await TestAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}/send?key=the-key"));
        Assert.StartsWith("unreachable: ", test.Answer, StringComparison.Ordinal);
        Assert.DoesNotContain("arrived", test.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_not_followed_and_long_answers_are_cut()
    {
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        robot.Script("the-key", new RobotAnswer(302, "", Location: robot.Url("other")), new RobotAnswer(200, new string('x', 10_000_000)));
        var redirected = await TestAsync(robot.Url("the-key"));
        var endless = await TestAsync(robot.Url("the-key"));
        Assert.Equal((false, 302), (redirected.Sent, redirected.HttpStatus));
        Assert.Equal((false, 1024), (endless.Sent, System.Text.Encoding.UTF8.GetByteCount(endless.Answer!)));
        Assert.DoesNotContain(robot.Messages, message => message.Key == "other");
    }

    private static async Task<ChannelTest> TestAsync(string url)
    {
        var now = DateTimeOffset.UnixEpoch;
        var settings = new ChannelSettings { Name = "ops", WebhookUrl = url, MaskedUrl = "******" };
        var channel = new Channel { Id = 1, Revision = 1, Settings = settings, CreatedAt = now, UpdatedAt = now, CreatedBy = "test", UpdatedBy = "test" };
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None });
        var options = new NotifierOptions(new MessageOptions(Language.English, TimeZoneInfo.Utc, null), new byte[32]);
        using var notifier = new Notifier(new OneChannel(channel), new Forgetful(), http, options, TimeProvider.System, NullLogger<Notifier>.Instance);
        await notifier.StartAsync(TestContext.Current.CancellationToken);
        var test = await notifier.TestAsync(1, TestContext.Current.CancellationToken);
        await notifier.StopAsync(TestContext.Current.CancellationToken);
        return test;
    }

    private sealed class Forgetful : IRecordWriter
    {
        public void Add(CheckRecord result)
        {
        }

        public Task<Durability> WriteAsync(StateWrite state, CheckRecord? result, CancellationToken cancellationToken) => Task.FromResult(Durability.Committed);

        public Task<Durability> WriteAsync(DeliveryWrite deliveries, CancellationToken cancellationToken) => Task.FromResult(Durability.Committed);
    }

    private sealed class OneChannel(Channel channel) : IGrainStore
    {
        public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Channel>>([channel]);

        public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<OpenDelivery>>([]);

        public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SendSlot>>([]);

        public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
