using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Grains.Scheduling;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Grains.Scheduling;

public sealed class SchedulerTests : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly FakeTime _time = new();
    private readonly AnchoredClock _clock;
    private readonly Scheduler _scheduler;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly List<RecordingTurn> _turns = [];

    public SchedulerTests()
    {
        _clock = new AnchoredClock(_time);
        _scheduler = new Scheduler(_clock, NullLogger<Scheduler>.Instance);
        var armed = _time.Armed;
        _running = _scheduler.RunAsync(_stop.Token);
        Assert.True(_time.Armed > armed);
    }

    [Fact]
    public async Task A_target_runs_once_an_interval()
    {
        var turn = Add(1, 10);

        await PassAsync(60);

        Assert.Equal(6, turn.Runs);
        Assert.Equal(0, turn.MissedTurns);
    }

    [Fact]
    public async Task A_run_that_overruns_is_never_joined_by_a_second_one_and_its_turns_are_counted()
    {
        var turn = Add(1, 10, quick: false);

        await PassAsync(35);
        Assert.Equal(1, turn.Runs);
        Assert.InRange(turn.MissedTurns, 2, 3);

        turn.End();
        await PassAsync(10);
        Assert.Equal(2, turn.Runs);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(86_400 * 365)]
    public async Task A_step_of_the_wall_clock_is_neither_a_burst_nor_a_silence(int seconds)
    {
        var turn = Add(1, 10);
        await PassAsync(30);

        _time.SetWallClock(_time.GetUtcNow().AddSeconds(seconds));
        await PassAsync(30);

        Assert.Equal((6, 0), (turn.Runs, turn.MissedTurns));
    }

    [Fact]
    public async Task A_thousand_turns_that_hang_hold_up_nobody()
    {
        for (var id = 2; id < 1002; id++)
        {
            Add(id, 10, quick: false);
        }

        var turn = Add(1, 10);
        await PassAsync(60);

        Assert.Equal((6, 0), (turn.Runs, turn.MissedTurns));
    }

    [Fact]
    public async Task One_turn_that_throws_ends_neither_the_loop_nor_itself()
    {
        var broken = new BrokenTurn();
        _scheduler.Set(broken, _clock.Ticks);
        var turn = Add(1, 10);

        await PassAsync(20);

        Assert.Equal(2, turn.Runs);
        Assert.True(broken.Tried > 1);
    }

    [Fact]
    public async Task What_is_nearer_than_all_others_wakes_the_loop()
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _scheduler.Set(new RecordingTurn(1, TimeSpan.FromHours(1), onRun: ran.SetResult), _clock.Ticks);

        await ran.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_was_removed_is_due_no_more()
    {
        var turn = Add(1, 10);
        _scheduler.Remove(turn);

        await PassAsync(30);

        Assert.Equal(0, turn.Runs);
    }

    [Fact]
    public async Task Waiting_is_turning()
    {
        await PassAsync(5);

        Assert.True(_time.GetElapsedTime(_scheduler.LastTurned) <= Tick);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _scheduler.Dispose();
        _stop.Dispose();
    }

    private RecordingTurn Add(long id, int seconds, bool quick = true)
    {
        var turn = new RecordingTurn(id, TimeSpan.FromSeconds(seconds), quick);
        _turns.Add(turn);
        _scheduler.Set(turn, turn.First(_clock.Now));
        return turn;
    }

    /// <summary>In steps that the loop is given time to answer: it goes to sleep by arming its timer.</summary>
    private async Task PassAsync(int seconds)
    {
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(seconds); passed += Tick)
        {
            var armed = _time.Armed;
            _time.Advance(Tick);
            await _time.ArmedBeyondAsync(armed).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            await Task.WhenAll(_turns.Select(turn => turn.SettledAsync()));
        }
    }

    private sealed class BrokenTurn : ScheduledTurn
    {
        public int Tried { get; private set; }

        public override long NextAfter(long due, long now) => now + TimeSpan.TicksPerSecond;

        public override long TurnsBetween(long due, long now) => 0;

        public override bool TryBegin(long due)
        {
            Tried++;
            throw new InvalidOperationException("broken");
        }

        public override void Missed(long turns) => throw new InvalidOperationException("broken");

        public override void Execute() => throw new InvalidOperationException("broken");
    }
}
