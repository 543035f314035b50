using Monitor.Core.Alerts;
using Monitor.Grains.Notifying;
using Xunit;
using static Monitor.UnitTests.Grains.Notifying.RobotSimulation;

namespace Monitor.UnitTests.Grains.Notifying;

public sealed class DeliveryRouterTests
{
    private static readonly PostVerdict Refused = new(PostOutcome.Refused, "93000 invalid webhook url", 200, 93000, "invalid webhook url");
    private static readonly PostVerdict Unreachable = new(PostOutcome.Busy, "unreachable: connection refused");
    private static readonly PostVerdict Unknown = new(PostOutcome.Unknown, "timeout: no answer within 5 s; the message may have arrived");
    private static readonly PostVerdict Throttled = new(PostOutcome.Throttled, "45009 api freq out of limit", 200, 45009);
    private static readonly PostVerdict TooLong = new(PostOutcome.TooLong, "40058 markdown.content exceed max length 4096", 200, 40058);
    private static readonly PostVerdict Odd = new(PostOutcome.Odd, "http 404: no errcode in <html>", 404);

    [Fact]
    public void A_firing_and_later_its_recovery_are_a_message_each_at_once()
    {
        var simulation = new RobotSimulation().With(NewChannel(1, "a"));
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(1));
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(2));

        Assert.Equal([TimeSpan.Zero, TimeSpan.FromSeconds(1)], simulation.Posts.Select(post => post.Started));
        Assert.All(simulation.Posts, post => Assert.Contains("#7-1", post.Content, StringComparison.Ordinal));
        Assert.Equal((DeliveryStatus.Sent, DeliveryStatus.Sent), (simulation.Row(alert, DeliveryKind.Firing).Status, simulation.Row(alert, DeliveryKind.Resolved).Status));
        Assert.Equal(1, simulation.Row(alert, DeliveryKind.Firing).Attempts);
    }

    [Fact]
    public void Two_channels_of_one_robot_share_one_message_and_its_mentions()
    {
        var simulation = new RobotSimulation().With(NewChannel(1, "a", false, "138"), NewChannel(2, "a", true, "138", "139"));
        simulation.Fire(NewAlert(7), 1, 2);
        simulation.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(2, simulation.Posts.Count);
        Assert.Null(simulation.Posts[0].Mention);
        Assert.True(simulation.Posts[1].Mention!.All);
        Assert.Equal(["138", "139"], simulation.Posts[1].Mention!.Mobiles);
        Assert.Equal(
            simulation.Row(NewAlert(7), DeliveryKind.Firing, 1).MessageId,
            simulation.Row(NewAlert(7), DeliveryKind.Firing, 2).MessageId);
    }

    [Theory]
    [InlineData(AlertSeverity.Warning, DeliveryKind.Firing)]
    [InlineData(AlertSeverity.Critical, DeliveryKind.Resolved)]
    public void Nobody_is_called_for_a_warning_or_a_recovery(AlertSeverity severity, DeliveryKind kind)
    {
        var simulation = new RobotSimulation().With(NewChannel(1, "a", true));
        simulation.Decide(kind == DeliveryKind.Resolved ? Over(NewAlert(7, 1, severity)) : NewAlert(7, 1, severity), kind, 1);
        simulation.Run(TimeSpan.FromSeconds(1));
        Assert.Single(simulation.Posts);
    }

    [Fact]
    public void A_firing_that_was_never_posted_is_joined_by_its_recovery()
    {
        var simulation = new RobotSimulation { Answer = _ => Unreachable }.With(NewChannel(1, "a"));
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromMilliseconds(500));
        Assert.Equal((DeliveryStatus.Pending, Unreachable.Said), (simulation.Row(alert, DeliveryKind.Firing).Status, simulation.Row(alert, DeliveryKind.Firing).LastError));
        simulation.Resolve(alert, 1);
        simulation.Answer = _ => Ok;
        simulation.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(2, simulation.Posts.Count);
        Assert.StartsWith("### <font color=\"info\">Firing → Resolved</font> target-0007", simulation.Posts[1].Content, StringComparison.Ordinal);
        Assert.Equal(simulation.Row(alert, DeliveryKind.Firing).MessageId, simulation.Row(alert, DeliveryKind.Resolved).MessageId);
    }

    [Fact]
    public void A_firing_of_unknown_outcome_goes_again_and_its_recovery_is_a_message_of_its_own()
    {
        var first = true;
        var simulation = new RobotSimulation().With(NewChannel(1, "a"));
        simulation.Answer = _ => first ? Unknown : Ok;
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromMilliseconds(500));
        first = false;
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(3, simulation.Posts.Count);
        Assert.Equal([0, 1, 0], simulation.Posts.Select(post => post.Dispatch.Repeated));
        Assert.True(simulation.Posts[1].Tells(alert, DeliveryKind.Firing) && simulation.Posts[2].Tells(alert, DeliveryKind.Resolved));
    }

    [Fact]
    public void Back_off_grows_and_ends_at_a_minute()
    {
        var simulation = new RobotSimulation { Answer = _ => Unreachable, Latency = TimeSpan.FromMilliseconds(1) }.With(NewChannel(1, "a"));
        simulation.Fire(NewAlert(7), 1);
        simulation.Run(TimeSpan.FromSeconds(220));
        Assert.Equal([0, 1, 6, 31, 91, 151, 211], simulation.Posts.Select(post => (int)post.Started.TotalSeconds));
        Assert.Equal(7, simulation.Row(NewAlert(7), DeliveryKind.Firing).Attempts);
        Assert.Equal(["channel channel 1: unreachable: connection refused"], simulation.Router.Troubles().Select(trouble => trouble.English));
    }

    [Fact]
    public void A_refused_firing_dies_after_one_retry_and_its_recovery_is_superseded()
    {
        var simulation = new RobotSimulation { Answer = _ => Refused }.With(NewChannel(1, "a"));
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(5));
        var firing = simulation.Row(alert, DeliveryKind.Firing);
        Assert.Equal((DeliveryStatus.Dead, 2, "93000 invalid webhook url"), (firing.Status, firing.Attempts, firing.LastError));

        simulation.Answer = _ => Ok;
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(10));
        var recovery = simulation.Row(alert, DeliveryKind.Resolved);
        Assert.Equal((DeliveryStatus.Superseded, "its firing could not be delivered"), (recovery.Status, recovery.Reason));
        Assert.Equal(2, simulation.Posts.Count);
    }

    [Fact]
    public void A_recovery_that_waits_while_its_firing_dies_is_superseded_too()
    {
        var simulation = new RobotSimulation { Answer = _ => Refused }.With(NewChannel(1, "a"));
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromMilliseconds(1015));
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(10));
        Assert.Equal((DeliveryStatus.Dead, DeliveryStatus.Superseded), (simulation.Row(alert, DeliveryKind.Firing).Status, simulation.Row(alert, DeliveryKind.Resolved).Status));
    }

    [Fact]
    public void After_45009_the_robot_is_left_alone_for_a_minute()
    {
        var answers = new Queue<PostVerdict>([Throttled]);
        var simulation = new RobotSimulation { Answer = _ => answers.TryDequeue(out var answer) ? answer : Ok }.With(NewChannel(1, "a"), NewChannel(2, "b"));
        simulation.Fire(NewAlert(7), 1);
        simulation.Run(TimeSpan.FromSeconds(1));
        simulation.Fire(NewAlert(8), 1, 2);
        simulation.Run(TimeSpan.FromSeconds(90));
        Assert.Equal([0, 1, 60], simulation.Posts.Select(post => (int)post.Started.TotalSeconds).Distinct());
        Assert.Equal(DeliveryStatus.Sent, simulation.Row(NewAlert(7), DeliveryKind.Firing).Status);
    }

    [Fact]
    public void A_message_that_is_too_long_is_shortened_once_then_dead()
    {
        var simulation = new RobotSimulation { Answer = _ => TooLong }.With(NewChannel(1, "a"));
        var alert = NewAlert(7) with { Message = new string('x', 5000) };
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(5));
        Assert.Equal([4096, 1024], simulation.Posts.Select(post => post.Content.Length + 2));
        Assert.Equal(DeliveryStatus.Dead, simulation.Row(alert, DeliveryKind.Firing).Status);
    }

    [Fact]
    public void A_digest_that_is_refused_as_too_long_goes_in_halves_and_one_bad_line_dies_alone()
    {
        var simulation = new RobotSimulation { Answer = post => post.Tells(NewAlert(5), DeliveryKind.Firing) ? TooLong : Ok }.With(NewChannel(1, "a"));
        var alerts = Enumerable.Range(1, 16).Select(target => NewAlert(target)).ToList();
        simulation.At(TimeSpan.Zero, () => simulation.Router.Add([]));
        simulation.Router.Desk("http://robot/send?key=a").Paused = true;
        alerts.ForEach(alert => simulation.Fire(alert, 1));
        simulation.Router.Desk("http://robot/send?key=a").Paused = false;
        simulation.Run(TimeSpan.FromMinutes(10));
        Assert.All(alerts, alert => Assert.Equal(alert.TargetId == 5 ? DeliveryStatus.Dead : DeliveryStatus.Sent, simulation.Row(alert, DeliveryKind.Firing).Status));
    }

    [Fact]
    public void An_answer_without_errcode_is_tried_a_few_times_and_then_dead_with_what_it_said()
    {
        var simulation = new RobotSimulation { Answer = _ => Odd }.With(NewChannel(1, "a"));
        simulation.Fire(NewAlert(7), 1);
        simulation.Run(TimeSpan.FromMinutes(5));
        var row = simulation.Row(NewAlert(7), DeliveryKind.Firing);
        Assert.Equal((DeliveryStatus.Dead, 4, Odd.Said), (row.Status, row.Attempts, row.LastError));
    }

    [Fact]
    public void One_broken_robot_delays_no_other()
    {
        var simulation = new RobotSimulation { Answer = post => post.Content.Contains("target-0001", StringComparison.Ordinal) ? Unreachable : Ok }.With(NewChannel(1, "a"), NewChannel(2, "b"));
        simulation.Fire(NewAlert(1), 1);
        simulation.Fire(NewAlert(2), 2);
        simulation.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(DeliveryStatus.Sent, simulation.Row(NewAlert(2), DeliveryKind.Firing, 2).Status);
    }

    [Fact]
    public void A_disabled_channel_suppresses_the_firing_and_later_its_recovery()
    {
        var channel = NewChannel(1, "a");
        var off = channel with { Settings = channel.Settings with { Enabled = false } };
        var simulation = new RobotSimulation().With(off);
        simulation.Fire(NewAlert(7), 1);
        simulation.Change(channel with { Revision = 2 });
        simulation.Resolve(NewAlert(7), 1);
        simulation.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(simulation.Posts);
        Assert.Equal((DeliveryStatus.Suppressed, "the channel is disabled"), (simulation.Row(NewAlert(7), DeliveryKind.Firing).Status, simulation.Row(NewAlert(7), DeliveryKind.Firing).Reason));
        Assert.Equal(DeliveryStatus.Suppressed, simulation.Row(NewAlert(7), DeliveryKind.Resolved).Status);
    }

    [Fact]
    public void What_waits_for_a_deleted_channel_is_dead_with_that_reason()
    {
        var simulation = new RobotSimulation { Answer = _ => Unreachable }.With(NewChannel(1, "a"));
        simulation.Fire(NewAlert(7), 1);
        simulation.Run(TimeSpan.FromMilliseconds(10));
        simulation.Delete(1);
        simulation.Fire(NewAlert(8), 1);
        simulation.Run(TimeSpan.FromSeconds(5));
        Assert.Equal((DeliveryStatus.Dead, "the channel was deleted"), (simulation.Row(NewAlert(7), DeliveryKind.Firing).Status, simulation.Row(NewAlert(7), DeliveryKind.Firing).Reason));
        Assert.Equal(DeliveryStatus.Dead, simulation.Row(NewAlert(8), DeliveryKind.Firing).Status);
        Assert.Single(simulation.Posts);
    }

    [Fact]
    public void After_a_change_of_the_URL_what_waits_goes_to_the_new_robot_in_order()
    {
        var old = "";
        var simulation = new RobotSimulation { Latency = TimeSpan.FromSeconds(1) }.With(NewChannel(1, "a"));
        old = simulation.Router.Desk("http://robot/send?key=a").Key;
        simulation.Answer = post => post.Robot == old ? Unknown : Ok;
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromMilliseconds(100));
        simulation.Change(NewChannel(1, "b"));
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(3, simulation.Posts.Count);
        Assert.All(simulation.Posts.Skip(1), post => Assert.NotEqual(old, post.Robot));
        Assert.True(simulation.Posts[1].Tells(alert, DeliveryKind.Firing) && simulation.Posts[2].Tells(alert, DeliveryKind.Resolved));
    }

    [Fact]
    public void Five_thousand_falling_at_once_are_all_named_within_five_minutes()
    {
        var simulation = new RobotSimulation { Latency = TimeSpan.FromMilliseconds(100) }.With(NewChannel(1, "a"));
        var alerts = Enumerable.Range(1, 5000).Select(target => NewAlert(target)).ToList();
        simulation.Decide(alerts[0], DeliveryKind.Firing, 1);
        alerts.Skip(1).ToList().ForEach(alert => simulation.Fire(alert, 1));
        simulation.Run(TimeSpan.FromMinutes(5));

        Assert.True(simulation.MostWithinAMinute() <= 20);
        Assert.True(simulation.Posts.First(post => post.Dispatch.Entries.Count >= 60).Arrived < TimeSpan.FromSeconds(5));
        Assert.All(alerts, alert => Assert.Equal(DeliveryStatus.Sent, simulation.Row(alert, DeliveryKind.Firing).Status));
    }

    [Fact]
    public void Five_thousand_falling_within_15_s_with_everybody_mentioned_are_named_within_five_minutes()
    {
        var simulation = new RobotSimulation { Latency = TimeSpan.FromMilliseconds(5) }.With(NewChannel(1, "a", true));
        var alerts = Enumerable.Range(1, 5000).Select(target => NewAlert(target)).ToList();
        foreach (var alert in alerts)
        {
            simulation.At(TimeSpan.FromMilliseconds(3 * alert.TargetId), () => simulation.Fire(alert, 1));
        }

        simulation.Run(TimeSpan.FromMinutes(5));
        Assert.True(simulation.MostWithinAMinute() <= 20);
        Assert.True(simulation.Posts.First(post => post.Dispatch.Entries.Count > 1).Arrived < TimeSpan.FromSeconds(5));
        Assert.All(alerts, alert => Assert.Equal(DeliveryStatus.Sent, simulation.Row(alert, DeliveryKind.Firing).Status));
    }

    [Fact]
    public void A_recovery_that_comes_back_has_its_place_after_a_firing_that_came_meanwhile()
    {
        var simulation = new RobotSimulation { Answer = post => post.Started == TimeSpan.Zero || post.Started > TimeSpan.FromSeconds(1.5) ? Ok : Unknown, Latency = TimeSpan.FromSeconds(1) }
            .With(NewChannel(1, "a"), NewChannel(2, "b"));
        var alert = NewAlert(7);
        simulation.Fire(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(1.1));
        simulation.Resolve(alert, 1);
        simulation.Run(TimeSpan.FromSeconds(1.2));
        simulation.Change(simulation.Channels[2] with { Settings = simulation.Channels[2].Settings with { WebhookUrl = simulation.Channels[1].Settings.WebhookUrl } });
        simulation.Fire(alert, 2);
        simulation.Resolve(alert, 2);
        simulation.Run(TimeSpan.FromMinutes(1));

        var last = simulation.Posts[^1].Dispatch.Notices.Select(notice => notice.Kind);
        Assert.Equal([DeliveryKind.Firing, DeliveryKind.Resolved], last);
    }

    [Fact]
    public void A_robot_without_a_channel_at_a_start_has_its_slots_when_one_is_given_to_it()
    {
        var simulation = new RobotSimulation().With(NewChannel(1, "a"));
        for (var target = 1; target <= 30; target++)
        {
            simulation.Fire(NewAlert(target), 1);
            simulation.Run(simulation.Now + TimeSpan.FromSeconds(0.1));
        }

        var used = simulation.Posts.Count;
        var channel = simulation.Channels[1];
        simulation.Change(channel with { Settings = channel.Settings with { WebhookUrl = "http://robot/send?key=b" } });
        simulation.Crash();
        simulation.Change(simulation.Channels[1] with { Settings = channel.Settings });
        Assert.Equal(SendBudget.Slots - used, simulation.Router.Desk(channel.Settings.WebhookUrl).Budget.Free(simulation.Moment.Elapsed));
    }

    [Fact]
    public void After_an_hour_out_of_reach_the_backlog_is_a_handful_of_digests_with_flapped_episodes_joined()
    {
        var simulation = new RobotSimulation { Answer = _ => Unreachable }.With(NewChannel(1, "a"));
        for (var minute = 0; minute < 60; minute++)
        {
            var alert = NewAlert(1 + (minute % 6), 1 + (minute / 6));
            simulation.At(TimeSpan.FromMinutes(minute), () => simulation.Fire(alert, 1));
            simulation.At(TimeSpan.FromMinutes(minute + 0.5), () => simulation.Resolve(alert, 1));
        }

        simulation.Run(TimeSpan.FromHours(1));
        var before = simulation.Posts.Count;
        simulation.Answer = _ => Ok;
        simulation.Run(TimeSpan.FromMinutes(63));

        var told = simulation.Posts.Skip(before).ToList();
        Assert.InRange(told.Count, 1, 3);
        Assert.All(told.SelectMany(post => post.Lines.Skip(1)), line => Assert.StartsWith("Firing → Resolved target-", line, StringComparison.Ordinal));
        Assert.All(simulation.Rows.Values, row => Assert.Equal(DeliveryStatus.Sent, row.Delivery.Status));
    }
}
