using System.Net;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.UnitTests.Grains.Notifying.RobotSimulation;

namespace Monitor.UnitTests.Grains.Notifying;

public sealed class NotifierTests
{
    private static readonly AlertRecord Alert = NewAlert(7, 3);

    [Fact]
    public async Task A_delivery_is_claimed_with_its_slot_before_the_POST_and_marked_after()
    {
        await using var bench = await new NotifierBench().StartAsync();
        var seen = new List<(DeliveryStatus Status, int Attempts, bool SlotEnded)>();
        bench.Answer = (_, _) =>
        {
            seen.Add((bench.Row(Alert, DeliveryKind.Firing).Status, bench.Row(Alert, DeliveryKind.Firing).Attempts, bench.Slots.Values.Single().EndedAt is not null));
            return Task.FromResult(NotifierBench.Json(HttpStatusCode.OK, """{"errcode":0,"errmsg":"ok"}"""));
        };
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);

        Assert.Equal([(DeliveryStatus.Sending, 1, false)], seen);
        Assert.NotNull(bench.Slots.Values.Single().EndedAt);
        Assert.Equal(bench.Time.GetUtcNow(), bench.Row(Alert, DeliveryKind.Firing).SentAt);
        Assert.Contains("#7-3", bench.Posts.Single().Content, StringComparison.Ordinal);
    }

    /// <summary>At each write the process dies: before it was done, or after.</summary>
    [Theory]
    [InlineData(DeliveryStatus.Sending, false, 1)]
    [InlineData(DeliveryStatus.Sending, true, 1)]
    [InlineData(DeliveryStatus.Sent, false, 2)]
    [InlineData(DeliveryStatus.Sent, true, 1)]
    public async Task After_a_kill_at_any_write_each_notice_arrives_and_twice_only_between_POST_and_mark(DeliveryStatus at, bool done, int copies)
    {
        var bench = new NotifierBench();
        var died = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var forever = new TaskCompletionSource<Durability>();
        await bench.StartAsync();
        bench.Write = write =>
        {
            var here = write.Deliveries.Any(delivery => delivery.Status == at);
            if (!here || done)
            {
                bench.Store(write);
            }

            if (here)
            {
                died.TrySetResult();
                return forever.Task;
            }

            return Task.FromResult(Durability.Committed);
        };
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await died.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await bench.DisposeAsync();
        bench.Write = null;

        await bench.StartAsync();
        bench.Decide(Over(Alert), DeliveryKind.Resolved, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Resolved).Status == DeliveryStatus.Sent);
        await bench.DisposeAsync();

        Assert.Equal(copies, bench.Posts.Count(post => post.Content.Contains(">Firing", StringComparison.Ordinal)));
        Assert.Equal(DeliveryStatus.Sent, bench.Row(Alert, DeliveryKind.Firing).Status);
        Assert.All(bench.Posts, post => Assert.Contains("#7-3", post.Content, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_kill_between_the_message_and_its_mention_loses_neither()
    {
        var bench = new NotifierBench();
        bench.Channels[0] = NewChannel(1, "secret-key-1", true);
        var died = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await bench.StartAsync();
        var ok = bench.Answer;
        bench.Answer = (number, cancellationToken) =>
        {
            if (number == 1)
            {
                died.TrySetResult();
                return Forever.UntilCancelledAsync(cancellationToken).ContinueWith<HttpResponseMessage>(_ => throw new OperationCanceledException(cancellationToken), TaskScheduler.Default);
            }

            return ok(number, cancellationToken);
        };
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await died.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await bench.DisposeAsync();
        Assert.Equal(DeliveryStatus.Sending, bench.Row(Alert, DeliveryKind.Firing).Status);

        await bench.StartAsync();
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);
        Assert.Equal(["markdown", "text", "markdown", "text"], bench.Posts.Select(post => post.Type));
        await bench.DisposeAsync();
    }

    [Fact]
    public async Task A_POST_that_is_not_answered_within_5_s_is_tried_again_and_its_row_says_so()
    {
        await using var bench = await new NotifierBench().StartAsync();
        var ok = bench.Answer;
        bench.Answer = async (_, cancellationToken) =>
        {
            await Forever.UntilCancelledAsync(cancellationToken);
            throw new InvalidOperationException("never here");
        };
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Posts.Count == 1);
        bench.Answer = ok;
        bench.Time.Advance(TimeSpan.FromSeconds(5));
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).LastError is not null);

        var row = bench.Row(Alert, DeliveryKind.Firing);
        Assert.Equal((DeliveryStatus.Pending, 1, "timeout: no answer within 5 s; the message may have arrived"), (row.Status, row.Attempts, row.LastError));
        Assert.Equal(["channel channel 1: timeout: no answer within 5 s; the message may have arrived"], bench.Notifier.Reasons().Select(reason => reason.English));
        await AdvanceUntilAsync(bench, () => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);
        Assert.Empty(bench.Notifier.Reasons().Select(reason => reason.English));
    }

    [Fact]
    public async Task The_key_of_a_robot_never_comes_out_again()
    {
        await using var bench = await new NotifierBench().StartAsync();
        bench.Answer = (number, _) => number == 0
            ? throw new HttpRequestException("cannot reach http://robot/send?key=secret-key-1 (secret-key-1)")
            : Task.FromResult(NotifierBench.Json(HttpStatusCode.OK, """{"errcode":93000,"errmsg":"invalid webhook url secret-key-1"}"""));
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await AdvanceUntilAsync(bench, () => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Dead);
        var test = await bench.Notifier.TestAsync(1, TestContext.Current.CancellationToken);

        Assert.Equal("93000 invalid webhook url ******", bench.Row(Alert, DeliveryKind.Firing).LastError);
        Assert.Equal((false, 200, 93000, "invalid webhook url ******"), (test.Sent, test.HttpStatus, test.ErrCode, test.ErrMsg));
        Assert.All([.. bench.Log, .. bench.Notifier.Reasons().Select(reason => reason.English), test.Answer!, .. bench.Slots.Values.Select(slot => slot.Robot)], text => Assert.DoesNotContain("secret-key-1", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Test_messages_count_and_without_a_slot_the_answer_says_when_one_is_free()
    {
        await using var bench = await new NotifierBench().StartAsync();
        for (var sent = 0; sent < 20; sent++)
        {
            Assert.True((await bench.Notifier.TestAsync(1, TestContext.Current.CancellationToken)).Sent);
        }

        var refused = await bench.Notifier.TestAsync(1, TestContext.Current.CancellationToken);
        Assert.False(refused.Sent);
        Assert.InRange(refused.RetryAfter!.Value.TotalSeconds, 60, 61);
        Assert.Equal(20, bench.Posts.Count);
    }

    [Fact]
    public async Task Slots_that_an_earlier_process_used_are_not_free_after_a_start()
    {
        var bench = new NotifierBench();
        await bench.StartAsync();
        for (var sent = 0; sent < 20; sent++)
        {
            await bench.Notifier.TestAsync(1, TestContext.Current.CancellationToken);
        }

        await bench.DisposeAsync();
        await using var again = await bench.StartAsync();
        Assert.NotNull((await bench.Notifier.TestAsync(1, TestContext.Current.CancellationToken)).RetryAfter);
    }

    [Fact]
    public async Task Nothing_is_sent_before_the_store_could_be_read_and_then_all_in_order()
    {
        var bench = new NotifierBench { LoadFailure = new StoreUnavailableException(new LocalizedText("away", "away")) };
        await bench.StartAsync(loaded: false);
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        bench.Decide(Over(Alert), DeliveryKind.Resolved, 1);
        await bench.UntilAsync(() => bench.Log.Count > 0);
        Assert.Empty(bench.Posts);
        Assert.Equal(["notices wait: what is open could not be read from the store"], bench.Notifier.Reasons().Select(reason => reason.English));

        bench.LoadFailure = null;
        await AdvanceUntilAsync(bench, () => bench.Row(Alert, DeliveryKind.Resolved).Status == DeliveryStatus.Sent);
        Assert.Contains("Firing → Resolved", bench.Posts.Single().Content, StringComparison.Ordinal);
        await bench.DisposeAsync();
    }

    [Fact]
    public async Task A_delivery_for_a_channel_that_was_just_made_finds_it_in_the_store()
    {
        await using var bench = await new NotifierBench().StartAsync();
        bench.Channels.Add(NewChannel(2, "other"));
        bench.Decide(Alert, DeliveryKind.Firing, 2);
        bench.Decide(Alert, DeliveryKind.Firing, 3);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing, 2).Status == DeliveryStatus.Sent && bench.Row(Alert, DeliveryKind.Firing, 3).Status == DeliveryStatus.Dead);
        Assert.Equal("the channel was deleted", bench.Row(Alert, DeliveryKind.Firing, 3).Reason);
    }

    [Fact]
    public async Task A_write_that_throws_does_not_end_the_sender()
    {
        await using var bench = await new NotifierBench().StartAsync();
        var broken = true;
        bench.Write = write =>
        {
            if (broken)
            {
                broken = false;
                throw new InvalidOperationException("a defect");
            }

            bench.Store(write);
            return Task.FromResult(Durability.Committed);
        };
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await AdvanceUntilAsync(bench, () => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);
        Assert.Single(bench.Posts);
    }

    private static Task AdvanceUntilAsync(NotifierBench bench, Func<bool> condition) => bench.Clock.AdvanceUntilAsync(bench.UntilAsync(condition));
}
