using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Alerts;
using Monitor.Grains.Notifying;
using Xunit;
using static Monitor.UnitTests.Grains.Notifying.RobotSimulation;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>Random alerts, answers, edits and kills, from a seed; then robots are well again, and everything must have come to an end.</summary>
public sealed class RandomScheduleTests
{
    private static readonly PostVerdict[] Bad =
    [
        new(PostOutcome.Busy, "unreachable: connection refused"),
        new(PostOutcome.Unknown, "timeout: no answer within 5 s; the message may have arrived"),
        new(PostOutcome.Throttled, "45009 api freq out of limit"),
        new(PostOutcome.TooLong, "40058 exceed max length"),
        new(PostOutcome.Refused, "93000 invalid webhook url"),
        new(PostOutcome.Odd, "http 404: no errcode in <html>"),
    ];

    [Fact]
    public void Whatever_happens_the_budget_and_the_order_hold_and_nothing_is_dropped() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25), Prop.ForAll(Seeds.Any, seed => Play(seed)));

    [Theory]
    [InlineData(99, "a channel that moved here had its recovery told before its firing, and then once more")]
    [InlineData(799, "a robot that no channel had at a start, and that one was given a moment later, began its minute anew")]
    [InlineData(8190, "a digest that was cut down to one notice called people, with the 21st POST of the minute")]
    public void Where_it_once_went_wrong(int seed, string what)
    {
        _ = what;
        Play(seed);
    }

    private static void Play(int seed)
    {
        var random = new Random(seed);
        var simulation = new RobotSimulation(seed) { Latency = TimeSpan.FromMilliseconds(random.Next(1, 4900)) }
            .With(NewChannel(1, "a", random.Next(3) == 0), NewChannel(2, "a", false, "138"), NewChannel(3, "b"));
        var badness = random.Next(0, 60);
        simulation.Answer = post => random.Next(100) < badness ? Bad[random.Next(Bad.Length)] : Ok;
        var open = new List<(AlertRecord Alert, long[] Channels)>();
        var end = TimeSpan.FromSeconds(random.Next(10, 600));
        var steps = random.Next(1, 300);
        for (var step = 0; step < steps; step++)
        {
            simulation.Run(simulation.Now + end / steps);
            Step(simulation, random, open, step);
        }

        simulation.Answer = _ => Ok;
        simulation.Run(simulation.Now + TimeSpan.FromMinutes(20));
        Verify(simulation);
    }

    private static void Step(RobotSimulation simulation, Random random, List<(AlertRecord Alert, long[] Channels)> open, int step)
    {
        var alertable = NewAlert(random.Next(1, 40), step + 1, random.Next(4) == 0 ? AlertSeverity.Warning : AlertSeverity.Critical);
        switch (random.Next(20))
        {
            case 0:
                simulation.Crash();
                break;
            case 1:
                simulation.WallJump -= TimeSpan.FromMinutes(random.Next(30));
                break;
            case 2 when simulation.Channels.TryGetValue(random.Next(1, 4), out var channel):
                simulation.Change(channel with { Settings = channel.Settings with { WebhookUrl = "http://robot/send?key=" + "ab"[random.Next(2)] } });
                break;
            case 3 when simulation.Channels.TryGetValue(random.Next(1, 4), out var channel):
                simulation.Change(channel with { Settings = channel.Settings with { Enabled = random.Next(2) == 0 } });
                break;
            case 4 when random.Next(10) == 0:
                simulation.Delete(random.Next(1, 4));
                break;
            case < 12 when open.Count > 0:
                var over = open[random.Next(open.Count)];
                open.Remove(over);
                simulation.Resolve(over.Alert, over.Channels);
                break;
            default:
                for (var many = random.Next(10) == 0 ? 100 : 1; many > 0; many--)
                {
                    var alert = alertable with { TargetId = many == 1 ? alertable.TargetId : 100 + many };
                    long[] channels = random.Next(2) == 0 ? [1, 2, 3] : [random.Next(1, 4)];
                    simulation.Fire(alert, channels);
                    open.Add((alert, channels));
                }

                break;
        }
    }

    private static void Verify(RobotSimulation simulation)
    {
        Assert.True(simulation.MostWithinAMinute() <= SendBudget.Slots, "more than 20 within a minute");
        foreach (var row in simulation.Rows.Values)
        {
            // What a failure says is made only for one: thousands of rows are looked at.
            if (row.Delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending)
            {
                Assert.Fail($"{row.Delivery} was forgotten");
            }

            if (row.Delivery.Status != DeliveryStatus.Sent && (row.Delivery.Reason ?? row.Delivery.LastError) is null)
            {
                Assert.Fail($"{row.Delivery} has no reason");
            }
        }

        var posts = simulation.Posts.Where(post => post.Mention is null).OrderBy(post => post.Started).ToList();
        var first = new Dictionary<(string Reference, DeliveryKind Kind), int>();
        for (var at = 0; at < posts.Count; at++)
        {
            foreach (var notice in posts[at].Dispatch.Notices)
            {
                first.TryAdd((notice.Alert.Reference, notice.Kind), at);
            }
        }

        foreach (var alert in simulation.Rows.Values.Where(row => row.Delivery is { Key.Kind: DeliveryKind.Resolved, Status: DeliveryStatus.Sent }).Select(row => row.Alert))
        {
            var firing = first.GetValueOrDefault((alert.Reference, DeliveryKind.Firing), -1);
            var recovery = first.GetValueOrDefault((alert.Reference, DeliveryKind.Resolved), -1);
            var mayHaveArrived = simulation.Lost.Exists(post => post.Tells(alert, DeliveryKind.Firing));
            Assert.True(mayHaveArrived || (firing >= 0 && firing <= recovery), $"{alert.Reference}: told {firing}, over {recovery}");
        }

        foreach (var post in posts)
        {
            Assert.True(System.Text.Encoding.UTF8.GetByteCount(post.Content) <= 4096);
            Assert.True(post.Dispatch.Entries.All(entry => IsTold(entry, post)), post.Content);
        }

        Assert.All(simulation.Posts.Where(post => post.Mention is not null), post => Assert.Contains(
            post.Dispatch.Entries, entry => entry.Resolved is null && entry.Alert.Severity == AlertSeverity.Critical));
    }

    private static bool IsTold(Entry entry, SimulatedPost post)
    {
        var (name, reference) = (entry.Alert.TargetName, entry.Alert.Reference);
        if (post.Dispatch.Entries.Count == 1)
        {
            return post.Content.Contains(name, StringComparison.Ordinal) && post.Content.Contains(reference, StringComparison.Ordinal);
        }

        var (who, what) = ($" {name} {reference}", entry.Firing is null ? "Resolved" : "Firing");
        return post.Lines.Any(line => line.Contains(who, StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));
    }
}
