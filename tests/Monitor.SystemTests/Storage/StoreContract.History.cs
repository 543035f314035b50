using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_result_comes_back_as_it_was_before_and_after_it_is_packed()
    {
        var id = await TargetAsync();
        CheckRecord[] results =
        [
            Ok(id, Start) with { Metrics = HttpMetrics },
            Failed(id, Start.AddSeconds(30)) with { Trigger = ProbeTrigger.Retry, Silo = "silo-2", Zone = "b" },
            Ok(id, Start.AddSeconds(60)) with { Warnings = ["slow"], Notes = ["磁盘"], Trigger = ProbeTrigger.Manual, Latency = TimeSpan.FromMicroseconds(1_234_567) },
            Ok(id, Start.AddSeconds(90)) with { Outcome = ProbeOutcome.Skipped, Message = "no socket", Latency = TimeSpan.Zero },
            Ok(id, Start.AddSeconds(120)) with { Outcome = ProbeOutcome.Late, Message = "late" },
        ];
        await CommitResultsAsync(results);
        var before = await ResultsAsync(id);
        await MaintainAsync(Start.AddHours(1));
        var after = await ResultsAsync(id);
        foreach (var read in new[] { before, after })
        {
            Assert.Equivalent(results.Reverse(), read, strict: true);
            Assert.Equal(HttpMetrics.Items, read[^1].Metrics.Items);
        }

        Assert.Equal(results[4].CheckedAt, (await Store.Targets.FindTargetAsync(id, Token))!.LastResult!.CheckedAt);
        Assert.Equal(results[2].CheckedAt, (await Store.Grains.LoadTargetAsync(id, Token))!.LastCheckedAt);
        Assert.Equal(results[2].CheckedAt, Assert.Single(await Store.Grains.LoadTargetsAsync([ShardMap.Of(id)], Token)).LastCheckedAt);
    }

    [Fact]
    public async Task Results_are_filtered_and_paged_over_rows_and_blocks()
    {
        var id = await TargetAsync();
        await CommitResultsAsync(Enumerable.Range(0, 100).Select(i => i % 10 == 3 ? Failed(id, At(i)) : Ok(id, At(i))));
        await MaintainAsync(At(60));
        await CommitResultsAsync(Enumerable.Range(100, 20).Select(i => Ok(id, At(i))));

        Assert.Equal(Enumerable.Range(0, 120).Reverse().Select(At), (await ResultsAsync(id, limit: 7)).Select(result => result.CheckedAt));
        Assert.Equal(Enumerable.Range(0, 10).Reverse().Select(i => At(i * 10 + 3)), (await ResultsAsync(id, success: false, limit: 3)).Select(result => result.CheckedAt));
        var page = await Store.History.ListResultsAsync(new ResultQuery(id, At(10), At(20), null), Token);
        Assert.Equal(Enumerable.Range(10, 10).Reverse().Select(At), page.Items.Select(result => result.CheckedAt));
        Assert.Null(page.Total);
    }

    [Fact]
    public async Task A_result_that_arrives_late_takes_its_place_and_one_given_again_after_packing_is_not_doubled()
    {
        var id = await TargetAsync();
        await CommitResultsAsync([Ok(id, At(0)), Ok(id, At(2))]);
        await MaintainAsync(At(120));
        await CommitResultsAsync([Ok(id, At(1)), Ok(id, At(2)), Ok(id, At(100))]);
        Assert.Equal([At(100), At(2), At(1), At(0)], (await ResultsAsync(id)).Select(result => result.CheckedAt));
        Assert.Equal(4, (await Store.History.UptimeAsync(id, At(-60), At(180), Token)).Checks);
        await MaintainAsync(At(240));
        Assert.Equal([At(100), At(2), At(1), At(0)], (await ResultsAsync(id)).Select(result => result.CheckedAt));
        Assert.Equal(4, (await Store.History.UptimeAsync(id, At(-60), At(180), Token)).Checks);
    }

    [Fact]
    public async Task A_result_that_comes_between_any_two_steps_of_upkeep_is_kept()
    {
        var ids = new[] { await TargetAsync("a"), await TargetAsync("b") };
        await CommitResultsAsync(ids.SelectMany(id => Enumerable.Range(0, 40).Select(i => Ok(id, At(2 * i)))));
        var late = 0;
        while (await Store.Lifecycle.MaintainAsync(At(120), Kept, Token))
        {
            if (late < 20)
            {
                await CommitResultsAsync(ids.Select(id => Ok(id, At((2 * late) + 1))));
                late++;
            }
        }

        Assert.Equal(20, late);
        foreach (var id in ids)
        {
            Assert.Equal(60, (await ResultsAsync(id, limit: 500)).Count);
            Assert.Equal(60, (await Store.History.UptimeAsync(id, At(-60), At(180), Token)).Checks);
        }
    }

    [Fact]
    public async Task Uptime_is_time_unhealthy_over_time_observed()
    {
        var id = await TargetAsync();
        // Six hours at 30 s; looked away from 3:00 to 4:00; down from 1:00 to 1:30.
        await CommitResultsAsync(Enumerable.Range(0, 720).Where(i => i is < 360 or >= 480).Select(i => i is >= 120 and < 180 ? Failed(id, At(i)) : Ok(id, At(i), 10)));
        var alert = Alert(id, 1, At(122)) with { StartedAt = At(120), ResolvedAt = At(180), ResolvedReason = ResolvedReason.Recovered };
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), [alert, alert with { Episode = 2, Severity = AlertSeverity.Warning, StartedAt = At(0) }]));
        foreach (var packed in new[] { false, true })
        {
            if (packed)
            {
                await MaintainAsync(At(10_000));
            }

            var uptime = await Store.History.UptimeAsync(id, At(0), At(720), Token);
            // Before the gap the last result speaks for two intervals and the timeout: 65 s, of which 30 are its own.
            Assert.Equal(5 * 3_600 + 35, uptime.ObservedSeconds, 3);
            Assert.Equal(100 * (1 - 1_800 / uptime.ObservedSeconds), uptime.UptimePercent!.Value, 6);
            Assert.Equal((600L, 60L), (uptime.Checks, uptime.Failures));
            Assert.InRange(uptime.P50!.Value, 9.9, 10.1);
            Assert.InRange(uptime.P99!.Value, 9.9, 10.1);
        }

        Assert.Equal(new Uptime(null, 0, 0, 0, null, null, null), await Store.History.UptimeAsync(id, At(-720), At(-360), Token));
        Assert.Equal(0, (await Store.History.UptimeAsync(id, At(130), At(170), Token)).UptimePercent!.Value, 6);
    }

    [Fact]
    public async Task History_has_a_point_for_each_step_with_checks_also_when_only_rollups_are_left()
    {
        var id = await TargetAsync();
        await CommitResultsAsync(Enumerable.Range(0, 240).Select(i => i < 3 ? Failed(id, At(i)) : Ok(id, At(i), i == 4 ? 20 : 10) with { Warnings = i == 5 ? ["slow"] : [] }));
        await MaintainAsync(At(1_000));
        var fine = await Store.History.HistoryAsync(id, At(0), At(240), TimeSpan.FromMinutes(1), Token);
        Assert.Equal(120, fine.Count);
        Assert.Equal(new HistoryPoint(At(0), 2, 2, 0, 4.2, 4.2), fine[0]);
        Assert.Equal(new HistoryPoint(At(4), 2, 0, 1, 15, 20), fine[2]);

        await MaintainAsync(Start.AddDays(10));
        Assert.Empty(await ResultsAsync(id));
        var coarse = await Store.History.HistoryAsync(id, At(0), At(240), TimeSpan.FromMinutes(1), Token);
        Assert.Equal([(At(0), 120L, 3L, 1L), (At(120), 120L, 0L, 0L)], coarse.Select(point => (point.At, point.Checks, point.Failures, point.Warnings)));
        var uptime = await Store.History.UptimeAsync(id, Start.AddDays(-80), Start.AddDays(10), Token);
        Assert.Equal((240L, 7_200.0 + 35), (uptime.Checks, uptime.ObservedSeconds));
    }

    [Fact]
    public async Task History_of_whole_hours_is_the_same_whether_results_are_open_packed_or_gone()
    {
        var id = await TargetAsync();
        await CommitResultsAsync(Enumerable.Range(0, 300).Select(i => i % 50 == 7 ? Failed(id, At(i)) : Ok(id, At(i), 10 + (i % 5))));
        var open = await HoursAsync();
        Assert.Equal([120L, 120L, 60L], open.Select(point => point.Checks));
        Assert.Equal(6, open.Sum(point => point.Failures));
        await MaintainAsync(At(1_000));
        Assert.Equal(open, await HoursAsync());
        await CommitResultsAsync([Failed(id, At(301))]);
        Assert.Equal(61, (await HoursAsync())[^1].Checks);
        await MaintainAsync(Start.AddDays(10));
        Assert.Equal(open.Take(2), (await HoursAsync()).Take(2));

        async Task<IReadOnlyList<HistoryPoint>> HoursAsync() => await Store.History.HistoryAsync(id, At(0), At(400), TimeSpan.FromHours(1), Token);
    }

    [Fact]
    public async Task Retention_forgets_what_is_old_but_never_an_open_alert_and_all_of_a_target_that_is_gone()
    {
        var kept = await TargetAsync();
        var gone = await TargetAsync("gone");
        await CommitResultsAsync(Enumerable.Range(0, 50).SelectMany(i => new[] { Ok(kept, At(i)), Ok(gone, At(i)) }));
        var over = Alert(kept, 1, Start) with { ResolvedAt = Start.AddMinutes(1), ResolvedReason = ResolvedReason.Recovered };
        await WriteAsync(Write(FenceOf(kept), kept, 0, Healthy(Start), [over, Alert(kept, 2, Start)], [Delivery(kept, 1, 1, Start), Delivery(kept, 2, 1, Start)]));
        await Store.Targets.DeleteTargetAsync(gone, null, By(), Token);
        await WriteAsync(Write(FenceOf(gone), gone, 0, Healthy(Start), [Alert(gone, 1, Start)]) with { RemoveTarget = true });

        await MaintainAsync(Start.AddHours(2));
        Assert.Equal(50, (await ResultsAsync(kept)).Count);
        Assert.Empty(await ResultsAsync(gone));

        await MaintainAsync(Start.AddDays(500));
        Assert.Empty(await ResultsAsync(kept));
        Assert.Empty(await Store.History.HistoryAsync(kept, Start.AddDays(-1), Start.AddDays(1), TimeSpan.FromHours(1), Token));
        var alerts = await Store.History.ListAlertsAsync(new AlertQuery(null, null, null, null, null), Token);
        Assert.Equal([(kept, 2), (gone, 1)], alerts.Items.Select(row => (row.Alert.TargetId, row.Alert.Episode)).Order());
        Assert.Equal(2, Assert.Single(await Store.Grains.LoadOpenDeliveriesAsync(Token)).Alert.Episode);
    }

    [Fact]
    public async Task Alerts_are_listed_newest_first_with_their_deliveries()
    {
        var id = await TargetAsync();
        var alerts = Enumerable.Range(1, 7).Select(i => Alert(id, i, At(i / 2)) with
        {
            Severity = i % 2 == 0 ? AlertSeverity.Warning : AlertSeverity.Critical,
            ResolvedAt = i < 6 ? At(10) : null,
        }).ToArray();
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), alerts, [.. alerts.Select(alert => Delivery(id, alert.Episode, 1, Start))]));

        Assert.Equal([7, 6, 5, 4, 3, 2, 1], await EpisodesAsync(new AlertQuery(null, null, null, null, null, Limit: 2)));
        Assert.Equal([7, 6], await EpisodesAsync(new AlertQuery(true, null, id, null, null)));
        Assert.Equal([4, 2], await EpisodesAsync(new AlertQuery(false, AlertSeverity.Warning, null, null, null)));
        Assert.Equal([5, 4, 3, 2], await EpisodesAsync(new AlertQuery(null, null, null, At(1), At(3))));
        Assert.Empty(await EpisodesAsync(new AlertQuery(null, null, id + 1, null, null)));
        Assert.Null(await Store.History.FindAlertAsync(1_000, Token));
    }

    private static DateTimeOffset At(int halfMinutes) => Start.AddSeconds(30 * halfMinutes);

    private async Task<List<int>> EpisodesAsync(AlertQuery query)
    {
        var episodes = new List<int>();
        for (var page = query; ;)
        {
            var answer = await Store.History.ListAlertsAsync(page, Token);
            Assert.All(answer.Items, row => Assert.Equal(row.Alert.Episode, Assert.Single(row.Deliveries).Key.Episode));
            episodes.AddRange(answer.Items.Select(row => row.Alert.Episode));
            if (answer.Next is null)
            {
                Assert.Equal(episodes.Count, answer.Total);
                return episodes;
            }

            page = page with { After = answer.Next };
        }
    }

    private Task<IReadOnlyList<StateOutcome>> CommitResultsAsync(IEnumerable<CheckRecord> results) => Store.Grains.CommitAsync(Batch([.. results]), Token);

    private async Task<List<CheckRecord>> ResultsAsync(long target, bool? success = null, int limit = 500)
    {
        var results = new List<CheckRecord>();
        PageKey? after = null;
        do
        {
            var page = await Store.History.ListResultsAsync(new ResultQuery(target, null, null, success, limit, after), Token);
            results.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return results;
    }
}
