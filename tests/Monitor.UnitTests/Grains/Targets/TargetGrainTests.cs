using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.UnitTests.Grains.Probing;
using Xunit;
using Fault = Monitor.UnitTests.Grains.Targets.FakeStore.Fault;

namespace Monitor.UnitTests.Grains.Targets;

public sealed class TargetGrainTests : IDisposable
{
    private readonly GrainStage _stage = new();

    [Theory]
    [InlineData("SSSS", "")]
    [InlineData("FFF", "F1>9")]
    [InlineData("FFFS", "F1>9 R1>9")]
    [InlineData("WWWFFFS", "W1>9 F2>9 R2>9 R1>9")]
    [InlineData("FFOF", "F1>9")]
    [InlineData("fffFF", "")]
    [InlineData("FFFs", "F1>9 R1>9")]
    public async Task A_history_is_told_as_it_is(string history, string told)
    {
        await _stage.StartAsync();

        await _stage.PlayAsync(history);

        Assert.Equal(told, _stage.Store.Told);
        Assert.Equal(history.Length, _stage.Store.Results.Count);
    }

    [Fact]
    public async Task Nobody_hears_of_a_decision_before_it_is_stored()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _stage.Store.Hold = hold.Task;
        _stage.Prober.Answers(ScriptedProber.Bad());

        Assert.True(_stage.Grain.TryBegin(1));
        _stage.Grain.Execute();
        Assert.Equal("", _stage.Store.Told);
        Assert.Null(_stage.Grain.State.Outage);
        hold.SetResult();
        await _stage.Grain.WhenIdleAsync();

        Assert.Equal(["commit", "F1>9"], _stage.Store.Story.TakeLast(2));
        Assert.NotNull(_stage.Grain.State.Outage);
    }

    [Fact]
    public async Task A_steady_target_writes_nothing_but_results()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("S");
        var writes = _stage.Store.Writes.Count;

        await _stage.PlayAsync("SSSSSSSSSS");

        Assert.Equal(writes, _stage.Store.Writes.Count);
        Assert.Equal(11, _stage.Store.Results.Count);
    }

    [Fact]
    public async Task A_long_outage_is_written_once_a_minute()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");
        var writes = _stage.Store.Writes.Count;

        await _stage.PlayAsync("FFFFFFFF");

        Assert.Equal(writes + 4, _stage.Store.Writes.Count);
        Assert.Equal(11, _stage.Store.Targets[GrainStage.Id].State!.ConsecutiveFailures);
    }

    [Fact]
    public async Task What_is_only_kept_is_told_as_well_and_the_next_write_follows_it()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        _stage.Store.NextWrite(Fault.Kept);

        await _stage.PlayAsync("FS");

        Assert.Equal("F1>9 R1>9", _stage.Store.Told);
    }

    [Theory]
    [InlineData(Fault.DoneButThrown)]
    [InlineData(Fault.DoneButVersionLost)]
    [InlineData(Fault.LostAndThrown)]
    public async Task An_unknown_outcome_is_read_again_and_told_once(object fault)
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        _stage.Store.NextWrite((Fault)fault);

        await _stage.PlayAsync("FFS");

        Assert.Equal("F1>9 R1>9", _stage.Store.Told);
        Assert.Equal(1, _stage.Store.Targets[GrainStage.Id].State!.LastEpisode);
    }

    [Fact]
    public async Task Where_another_state_is_stored_the_decision_is_made_on_that()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("S");
        var stored = _stage.Store.Targets[GrainStage.Id];
        _stage.Store.Targets[GrainStage.Id] = stored with { Version = 20, State = stored.State! with { ConsecutiveFailures = 2, LastEpisode = 4 } };

        await _stage.PlayAsync("F");

        Assert.Equal("F5>9", _stage.Store.Told);
        Assert.Equal(21, _stage.Store.Targets[GrainStage.Id].Version);
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_again_is_read_before_the_next_decision()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        _stage.Store.NextWrite(Fault.LostAndThrown);
        _stage.Store.Away = true;
        await _stage.PlayAsync("F");
        Assert.Equal("", _stage.Store.Told);

        _stage.Store.Away = false;
        await _stage.PlayAsync("F");

        Assert.Equal("F1>9", _stage.Store.Told);
        Assert.Equal(4, _stage.Store.Results.Count);
    }

    [Fact]
    public async Task A_lost_fence_ends_the_shard_here_without_a_word()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        _stage.Store.NextWrite(Fault.Fence);

        await _stage.PlayAsync("F");

        Assert.Equal("", _stage.Store.Told);
        Assert.Null(_stage.Host.Find(GrainStage.Id));
    }

    [Fact]
    public async Task An_alert_says_what_the_last_bad_check_said_also_after_a_restart()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");
        await _stage.TurnAsync(ScriptedProber.Bad("refused again"));
        await _stage.TurnAsync(ScriptedProber.Bad("refused at last"));
        Assert.Equal("connect: refused", _stage.Store.Alerts[(GrainStage.Id, 1)].Message);

        await _stage.RestartAsync();
        await _stage.PlayAsync("S");

        var alert = _stage.Store.Alerts[(GrainStage.Id, 1)];
        Assert.Equal(("connect: refused at last", 5, "orders", "place"), (alert.Message, alert.FailureCount, alert.TargetName, alert.Endpoint));
        Assert.Equal(Core.Alerts.ResolvedReason.Recovered, alert.ResolvedReason);
    }

    [Fact]
    public async Task An_alert_of_warnings_carries_them()
    {
        await _stage.StartAsync();
        _stage.Prober.Answers(ScriptedProber.Warned("disk 91%", "replica down"));
        await _stage.TurnAsync();
        await _stage.TurnAsync();
        await _stage.TurnAsync();

        Assert.Equal("disk 91%; replica down", _stage.Store.Alerts[(GrainStage.Id, 1)].Message);
        Assert.Equal("Warnings: disk 91%; replica down", _stage.Grain.LastResult!.Message);
        Assert.Equal(HealthStatus.Degraded, _stage.Grain.State.Status);
    }

    [Fact]
    public async Task What_a_prober_remembers_comes_back_to_it_and_is_stored_within_a_minute()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("SSS");
        var given = new List<byte[]>();
        byte next = 1;
        _stage.Prober.Does = (request, _) =>
        {
            given.Add(request.Memory.ToArray());
            return ValueTask.FromResult(ScriptedProber.Good with { Memory = new[] { next++ } });
        };

        for (var i = 0; i < 6; i++)
        {
            await _stage.TurnAsync();
        }

        Assert.Equal([[], [1], [2], [3], [4], [5]], given);
        Assert.InRange(_stage.Store.Writes.Count(write => write.Memory is not null), 2, 4);
        var stored = _stage.Store.Targets[GrainStage.Id].Memory.ToArray();
        await _stage.RestartAsync();
        await _stage.TurnAsync();
        Assert.Equal(stored, given[^1]);
    }

    [Fact]
    public async Task A_run_in_a_stall_is_late_counts_for_nothing_and_is_made_again_at_once()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        _stage.Stalls.Start();
        var runs = 0;
        _stage.Prober.Does = (_, _) =>
        {
            if (++runs == 1)
            {
                _stage.Time.Jump(TimeSpan.FromSeconds(10));
                return ValueTask.FromResult(ScriptedProber.Bad());
            }

            _stage.Inner.Advance(TimeSpan.FromMilliseconds(50));
            return ValueTask.FromResult(ScriptedProber.Good);
        };
        await _stage.TurnAsync();

        Assert.Equal([ProbeOutcome.Late, ProbeOutcome.Ok], _stage.Store.Results.TakeLast(2).Select(result => result.Outcome));
        Assert.Equal("", _stage.Store.Told);
    }

    [Fact]
    public async Task After_a_first_failure_the_retry_interval_counts_until_the_verdict_is_settled()
    {
        _stage.Edited(settings => settings with { RetryIntervalSeconds = 2, FailureThreshold = 2 });
        await _stage.StartAsync();
        var now = _stage.Services.Clock.Ticks;
        Assert.NotEqual(now + TimeSpan.FromSeconds(2).Ticks, _stage.Grain.NextAfter(now, now));

        await _stage.PlayAsync("F");
        Assert.Equal(now + TimeSpan.FromSeconds(2).Ticks, _stage.Grain.NextAfter(now, now));
        await _stage.PlayAsync("F");
        Assert.NotEqual(now + TimeSpan.FromSeconds(2).Ticks, _stage.Grain.NextAfter(now, now));

        await _stage.PlayAsync("F");
        Assert.Equal(
            [ProbeTrigger.Schedule, ProbeTrigger.Retry, ProbeTrigger.Schedule], _stage.Store.Results.Select(result => result.Trigger));
    }

    [Fact]
    public async Task Probe_now_waits_its_turn_and_answers_with_a_run_begun_after_the_question()
    {
        await _stage.StartAsync();
        var first = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _stage.Prober.Does = (_, _) => new ValueTask<ProbeResult>(first.Task);
        var called = _stage.Prober.NextCallAsync();
        Assert.True(_stage.Grain.TryBegin(1));
        _stage.Grain.Execute();
        await called;

        var asked = _stage.Grain.ProbeNowAsync();
        Assert.False(_stage.Grain.TryBegin(2));
        _stage.Prober.Answers(ScriptedProber.Bad("now"));
        first.SetResult(ScriptedProber.Good);
        var record = await asked;

        Assert.Equal(("connect: now", ProbeTrigger.Manual), (record!.Message, record.Trigger));
        Assert.Equal(2, _stage.Store.Results.Count);
        Assert.Equal(0, _stage.Grain.State.ConsecutiveFailures);
    }

    [Fact]
    public async Task Probers_that_hang_on_for_good_are_not_begun_without_end()
    {
        await _stage.StartAsync();
        _stage.Prober.Does = static (_, _) => new ValueTask<ProbeResult>(new TaskCompletionSource<ProbeResult>().Task);
        for (var i = 0; i < 3; i++)
        {
            var armed = _stage.Inner.Armed;
            var called = _stage.Prober.NextCallAsync();
            Assert.True(_stage.Grain.TryBegin(1));
            _stage.Grain.Execute();
            await called;
            await _stage.Inner.ArmedBeyondAsync(armed + 1);
            _stage.Inner.Advance(TimeSpan.FromSeconds(6));
            await _stage.Grain.WhenIdleAsync();
        }

        await _stage.TurnAsync();

        Assert.Equal(ProbeOutcome.Skipped, _stage.Store.Results[^1].Outcome);
        Assert.Equal(3, _stage.Prober.Asked.Count);
        Assert.Equal(HealthStatus.Unknown, _stage.Grain.State.Status);
    }

    [Fact]
    public async Task Equal_texts_of_records_are_one_text()
    {
        await _stage.StartAsync();
        _stage.Prober.Does = static (_, _) => ValueTask.FromResult(ProbeResult.Ok(
            new ProbeMetrics([new Metric("address", new string("127.0.0.1".ToCharArray()))]), [new string("slow".ToCharArray())]));
        await _stage.TurnAsync();
        var first = _stage.Grain.LastResult!;
        await _stage.TurnAsync();
        var second = _stage.Grain.LastResult!;

        Assert.Same(first.Message, second.Message);
        Assert.Same(first.Warnings, second.Warnings);
        Assert.Same(first.Metrics["address"]!.Value.Text, second.Metrics["address"]!.Value.Text);
    }

    public void Dispose() => _stage.Dispose();
}
