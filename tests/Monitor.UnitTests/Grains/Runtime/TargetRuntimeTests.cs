using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Probing;
using Monitor.Grains.Runtime;
using Monitor.UnitTests.Grains.Probing;
using Monitor.UnitTests.Grains.Targets;
using Xunit;

namespace Monitor.UnitTests.Grains.Runtime;

public sealed class TargetRuntimeTests : IDisposable
{
    private readonly GrainStage _stage = new();
    private readonly SilenceWatch _silence;
    private readonly TargetRuntime _runtime;

    public TargetRuntimeTests()
    {
        _silence = new SilenceWatch(_stage.Host, NullLogger<SilenceWatch>.Instance);
        _runtime = new TargetRuntime(
            _stage.Host, _stage.Services.Workers, _stage.Services.Records, _stage.Store, _stage.Store, _silence, _stage.Services.Pulse);
    }

    [Fact]
    public async Task A_dry_run_is_worded_like_a_real_one_and_stores_nothing()
    {
        await _stage.StartAsync();

        var record = await _runtime.DryRunAsync(_stage.Prober, "config", TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        Assert.Equal((ProbeOutcome.Ok, "HTTP is up", ProbeTrigger.Manual), (record.Outcome, record.Message, record.Trigger));
        Assert.Empty(_stage.Store.Results);
    }

    [Fact]
    public async Task A_dry_run_that_the_caller_left_is_cancelled_and_no_result()
    {
        using var left = new CancellationTokenSource();
        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _runtime.DryRunAsync(_stage.Prober, "config", TimeSpan.FromSeconds(5), left.Token));
    }

    [Fact]
    public async Task Live_knows_what_the_store_may_not_know_yet()
    {
        await _stage.StartAsync();
        Assert.Null(_runtime.Live(GrainStage.Id)!.LastResult);

        await _stage.TurnAsync(ScriptedProber.Bad());

        var live = _runtime.Live(GrainStage.Id)!;
        Assert.Equal((1, "connect: refused"), (live.State.ConsecutiveFailures, live.LastResult!.Message));
        Assert.Null(_runtime.Live(8));
        Assert.Null(await _runtime.ProbeNowAsync(8, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_target_that_is_not_probed_for_two_intervals_is_named_until_it_is()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("S");
        Assert.Empty(_runtime.Unprobed());
        _stage.Inner.Advance(TimeSpan.FromSeconds(36));

        Assert.Equal([GrainStage.Id], _runtime.Unprobed());
        Assert.Single(_runtime.Reasons());
        Assert.True(_runtime.Live(GrainStage.Id)!.Unprobed);

        _stage.Prober.Answers(ScriptedProber.Good);
        await _runtime.ProbeNowAsync(GrainStage.Id, TestContext.Current.CancellationToken);
        Assert.Empty(_runtime.Unprobed());
        Assert.Empty(_runtime.Reasons());
    }

    [Fact]
    public async Task Figures_tell_how_many_how_fast_and_how_late()
    {
        await _stage.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(_stage.Grain.TryBegin(_stage.Services.Clock.Ticks - TimeSpan.FromMilliseconds(7).Ticks));
            _stage.Grain.Execute();
            await _stage.Grain.WhenIdleAsync();
            _stage.Inner.Advance(TimeSpan.FromMilliseconds(500));
        }

        var figures = _runtime.Figures();

        Assert.Equal((1, 256), (figures.Targets, figures.Shards));
        Assert.Equal(2, figures.ProbesPerSecond, 0.3);
        Assert.Equal(7, figures.ScheduleLagP99Milliseconds, 0.01);
    }

    [Fact]
    public async Task A_channel_that_was_deleted_is_told_apart_from_one_that_was_edited()
    {
        await _runtime.ChannelChangedAsync(3, TestContext.Current.CancellationToken);

        Assert.Equal(["channel deleted"], _stage.Store.Story);
    }

    public void Dispose() => _stage.Dispose();
}
