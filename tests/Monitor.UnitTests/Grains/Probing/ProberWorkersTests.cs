using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Probing;
using Monitor.Grains.Runtime;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Grains.Probing;

public sealed class ProberWorkersTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly FakeTime _inner = new();
    private readonly JumpingTime _time;
    private readonly StallDetector _stalls;
    private readonly ScriptedProber _prober = new();
    private readonly CancellationTokenSource _stop = new();
    private ProberWorkers _workers;

    public ProberWorkersTests()
    {
        _time = new JumpingTime(_inner);
        _stalls = new StallDetector(_time, NullLogger<StallDetector>.Instance);
        _stalls.Start();
        _workers = Workers(10);
    }

    [Fact]
    public async Task What_a_prober_answers_is_what_the_run_says()
    {
        _prober.Answers(ScriptedProber.Bad("refused"));

        var run = await RunAsync();

        Assert.Equal((ProbeEnding.Conclusive, "connect: refused"), (run.Ending, run.Result.Message));
    }

    [Fact]
    public async Task Latency_is_the_probers_own_or_else_what_was_measured()
    {
        _prober.Does = (_, _) =>
        {
            _time.Jump(TimeSpan.FromMilliseconds(40));
            return ValueTask.FromResult(ScriptedProber.Good);
        };
        Assert.Equal(40, (await RunAsync()).Latency.TotalMilliseconds);

        _prober.Answers(ScriptedProber.Good with { Latency = TimeSpan.FromMilliseconds(3) });
        Assert.Equal(3, (await RunAsync()).Latency.TotalMilliseconds);
    }

    [Fact]
    public async Task A_prober_that_gives_up_at_its_deadline_ends_as_a_timeout()
    {
        _prober.Hangs();
        var running = await BegunAsync();

        _inner.Advance(Timeout);
        var run = await running;

        Assert.Equal((ProbeEnding.Conclusive, FailureStage.Timeout, "timeout: no answer within 5 s"), (run.Ending, run.Result.Stage, run.Result.Message));
        Assert.Null(run.Abandoned);
    }

    [Fact]
    public async Task A_prober_that_ignores_its_deadline_is_cut_off_after_a_short_grace()
    {
        var hanging = new TaskCompletionSource<ProbeResult>();
        _prober.Does = (_, _) => new ValueTask<ProbeResult>(hanging.Task);
        var running = await BegunAsync();

        _inner.Advance(Timeout);
        Assert.False(running.IsCompleted);
        _inner.Advance(ProberWorkers.Grace);
        var run = await running;

        Assert.Equal((ProbeEnding.Conclusive, FailureStage.Timeout), (run.Ending, run.Result.Stage));
        Assert.Contains("cut off", run.Result.Message, StringComparison.Ordinal);
        Assert.False(run.Abandoned!.IsCompleted);
        hanging.SetException(new InvalidOperationException("too late"));
    }

    [Fact]
    public async Task A_prober_that_blocks_its_thread_is_cut_off_as_well()
    {
        using var release = new ManualResetEventSlim();
        _prober.Does = (_, _) =>
        {
            release.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            return ValueTask.FromResult(ScriptedProber.Good);
        };
        var running = await BegunAsync();

        _inner.Advance(Timeout + ProberWorkers.Grace);
        var run = await running;
        release.Set();

        Assert.Equal(FailureStage.Timeout, run.Result.Stage);
        await run.Abandoned!;
    }

    [Fact]
    public async Task A_prober_that_blocks_its_thread_delays_none_that_is_due_with_it()
    {
        using var release = new ManualResetEventSlim();
        _prober.Does = (_, _) =>
        {
            release.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            return ValueTask.FromResult(ScriptedProber.Good);
        };
        var blocked = await BegunAsync();
        var others = Enumerable.Range(0, 3).Select(_ => _workers.RunAsync(new ScriptedProber("other"), Request(), _stop.Token)).ToArray();

        _inner.Advance(2 * ProbeStarter.Patience);
        Assert.All(await Task.WhenAll(others), run => Assert.Equal(ProbeEnding.Conclusive, run.Ending));
        Assert.False(blocked.IsCompleted);
        release.Set();
        Assert.Equal(ProbeEnding.Conclusive, (await blocked).Ending);
    }

    [Fact]
    public async Task An_exception_is_our_defect_and_never_the_targets_failure()
    {
        _prober.Does = static (_, _) => throw new InvalidOperationException("password=s3cret");

        var run = await RunAsync();

        Assert.Equal((ProbeEnding.OwnTrouble, ProbeOutcome.Skipped), (run.Ending, run.Result.Outcome));
        Assert.Contains(nameof(InvalidOperationException), run.Result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", run.Result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_defect_and_no_timeout()
    {
        _prober.Does = static (_, _) => throw new OperationCanceledException();

        Assert.Equal(ProbeEnding.OwnTrouble, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task A_timeout_exception_of_the_prober_itself_is_a_defect_and_no_cut_off()
    {
        _prober.Does = static (_, _) => throw new TimeoutException();

        var run = await RunAsync();

        Assert.Equal((ProbeEnding.OwnTrouble, null), (run.Ending, run.Abandoned));
    }

    [Fact]
    public async Task A_shutdown_is_never_a_failure_whatever_the_prober_makes_of_it()
    {
        _prober.Hangs();
        var hanging = await BegunAsync();
        await _stop.CancelAsync();
        Assert.Equal(ProbeEnding.Stopped, (await hanging).Ending);

        _prober.Answers(ProbeResult.Failed(FailureStage.Timeout, "cancelled"));
        Assert.Equal(ProbeEnding.Stopped, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task Own_trouble_that_the_prober_names_stays_own_trouble()
    {
        _prober.Answers(ProbeResult.OwnTrouble("no right to send ICMP"));

        var run = await RunAsync();

        Assert.Equal((ProbeEnding.OwnTrouble, "no right to send ICMP"), (run.Ending, run.Result.Message));
    }

    [Fact]
    public async Task A_full_bulkhead_makes_a_run_late_and_another_types_run_goes_on()
    {
        _workers.Dispose();
        _workers = Workers(1);
        _prober.Hangs();
        var first = await BegunAsync();
        var armed = _inner.Armed;
        var second = _workers.RunAsync(_prober, Request(), _stop.Token);
        await _inner.ArmedBeyondAsync(armed);

        Assert.Equal(ProbeEnding.Conclusive, (await _workers.RunAsync(new ScriptedProber("tcp"), Request(), _stop.Token)).Ending);
        _inner.Advance(Timeout);

        await first;
        Assert.Contains((await second).Ending, new[] { ProbeEnding.NoSlot, ProbeEnding.Conclusive });
    }

    [Fact]
    public async Task A_run_that_finds_no_slot_within_its_timeout_says_so()
    {
        _workers.Dispose();
        _workers = Workers(1);
        _prober.Hangs();
        var first = await BegunAsync(TimeSpan.FromSeconds(60));
        var armed = _inner.Armed;
        var second = _workers.RunAsync(_prober, Request(), _stop.Token);
        await _inner.ArmedBeyondAsync(armed);

        _inner.Advance(Timeout);
        var run = await second;

        Assert.Equal(ProbeEnding.NoSlot, run.Ending);
        Assert.False(first.IsCompleted);
        await _stop.CancelAsync();
        await first;
    }

    [Fact]
    public async Task A_slot_is_free_again_after_a_cut_off()
    {
        _workers.Dispose();
        _workers = Workers(1);
        _prober.Does = static (_, _) => new ValueTask<ProbeResult>(new TaskCompletionSource<ProbeResult>().Task);
        var first = await BegunAsync();
        _inner.Advance(Timeout + ProberWorkers.Grace);
        await first;

        _prober.Answers(ScriptedProber.Good);
        Assert.Equal(ProbeEnding.Conclusive, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task A_failure_while_the_process_stood_still_says_nothing_about_the_target()
    {
        _prober.Does = (_, _) =>
        {
            _time.Jump(TimeSpan.FromSeconds(10));
            return ValueTask.FromResult(ScriptedProber.Bad());
        };

        Assert.Equal(ProbeEnding.Stalled, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task A_stall_is_seen_also_after_its_tick_has_come()
    {
        _prober.Does = (_, _) =>
        {
            _time.Jump(TimeSpan.FromSeconds(10));
            _inner.Advance(StallDetector.Period);
            return ValueTask.FromResult(ScriptedProber.Warned("slow"));
        };

        Assert.Equal(ProbeEnding.Stalled, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task A_clean_success_in_a_stall_is_a_success()
    {
        _prober.Does = (_, _) =>
        {
            _time.Jump(TimeSpan.FromSeconds(10));
            return ValueTask.FromResult(ScriptedProber.Good);
        };

        Assert.Equal(ProbeEnding.Conclusive, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task A_stall_before_the_run_or_a_small_slip_excuses_nothing()
    {
        _time.Jump(TimeSpan.FromSeconds(10));
        _inner.Advance(TimeSpan.FromSeconds(1));
        _prober.Does = (_, _) =>
        {
            _time.Jump(TimeSpan.FromMilliseconds(200));
            return ValueTask.FromResult(ScriptedProber.Bad());
        };

        Assert.Equal(ProbeEnding.Conclusive, (await RunAsync()).Ending);
    }

    [Fact]
    public async Task Hanging_probes_of_a_type_delay_no_other_of_it()
    {
        _workers.Dispose();
        _workers = Workers(null);
        _prober.Hangs();
        var hanging = Enumerable.Range(0, OpenFileLimit.ProbesPerType(1) > 1000 ? 1000 : 30).Select(_ => _workers.RunAsync(_prober, Request(), _stop.Token)).ToArray();

        var healthy = new ScriptedProber();
        Assert.Equal(TimeSpan.Zero, (await _workers.RunAsync(healthy, Request(), _stop.Token)).Waited);
        await _stop.CancelAsync();
        await Task.WhenAll(hanging);
    }

    [Theory]
    [InlineData(1024, 3, 42)]
    [InlineData(4096, 3, 298)]
    [InlineData(65_536, 3, 5418)]
    [InlineData(1_048_576, 3, 20_000)]
    [InlineData(long.MaxValue, 3, 20_000)]
    [InlineData(256, 8, 32)]
    public void The_slots_of_a_type_are_its_share_of_the_open_files(long files, int types, int slots) => Assert.Equal(slots, OpenFileLimit.Share(files, types));

    public void Dispose()
    {
        _workers.Dispose();
        _stalls.Dispose();
        _stop.Dispose();
    }

    private ProberWorkers Workers(int? perType) => new(
        new ProberCatalog([_prober]),
        new GrainsOptions { Language = Language.English, ProbesPerType = perType },
        _stalls,
        _time,
        NullLogger<ProberWorkers>.Instance);

    private static ProbeRequest Request(TimeSpan? timeout = null) => new("config", default, timeout ?? Timeout);

    private Task<ProbeRun> RunAsync() => _workers.RunAsync(_prober, Request(), _stop.Token);

    /// <summary>A run whose prober has been called.</summary>
    private async Task<Task<ProbeRun>> BegunAsync(TimeSpan? timeout = null)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var does = _prober.Does;
        _prober.Does = (request, token) =>
        {
            called.SetResult();
            return does(request, token);
        };
        var running = _workers.RunAsync(_prober, Request(timeout), _stop.Token);
        await called.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _prober.Does = does;
        return running;
    }
}
