using System.Globalization;
using Monitor.Core.Configs;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers.Wire;

/// <summary>Nodes are scripts, and the clock moves by hand.</summary>
public sealed class NodeRoundsTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);

    private readonly FakeTime _time = new();

    [Fact]
    public async Task Answers_come_in_the_order_of_the_nodes_whoever_answered_first()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAllAsync(Run(), Nodes(3), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        stage.Answer(2, "c");
        stage.Answer(0, "a");
        stage.Answer(1, "b");
        var reports = await asking;
        Assert.Equal(["a", "b", "c"], reports.Select(report => report.Answer));
        Assert.Equal(Nodes(3), reports.Select(report => report.Node));
        Assert.All(reports, report => Assert.Null(report.Fault));
    }

    [Fact]
    public async Task A_silent_node_is_given_up_after_its_share_and_the_others_keep_their_answers()
    {
        var stage = new Stage();
        var run = Run();
        var asking = NodeRounds.AskAllAsync(run, Nodes(3), 0.7, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        await stage.AnswerAndEndAsync(0, "a");
        await stage.AnswerAndEndAsync(2, "c");
        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        var reports = await asking;
        Assert.Equal(["a", null, "c"], reports.Select(report => report.Answer));
        Assert.Equal(FailureStage.Timeout, reports[1].Fault!.Stage);
        Assert.Equal("node 1's answer did not come within 7 s", reports[1].Fault!.Message);

        // There is time left to say so.
        Assert.InRange(run.Left.TotalSeconds, 2.8, 3);
        Assert.Equal(0, stage.Running);
    }

    [Fact]
    public async Task All_are_asked_at_once_up_to_the_limit_and_batches_share_the_time()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAllAsync(Run(), Nodes(NodeRounds.SideBySide + 1), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        Assert.Equal(NodeRounds.SideBySide, stage.Asked);
        for (var i = 1; i < NodeRounds.SideBySide; i++)
        {
            await stage.AnswerAndEndAsync(i, "x");
        }

        // Half of the share: the other batch needs its own.
        _time.Advance(TimeSpan.FromSeconds(4.1));
        await stage.AskedBeyondAsync(NodeRounds.SideBySide);
        stage.Answer(NodeRounds.SideBySide, "last");
        var reports = await asking;
        Assert.Equal("node 0's answer did not come within 4 s", reports[0].Fault!.Message);
        Assert.All(reports.Skip(1).SkipLast(1), report => Assert.Equal("x", report.Answer));
        Assert.Equal("last", reports[^1].Answer);
    }

    [Fact]
    public async Task A_node_that_fails_or_breaks_is_a_fault_of_its_own()
    {
        var reports = await NodeRounds.AskAllAsync<string>(
            Run(),
            Nodes(3),
            0.8,
            (run, node, _) =>
            {
                run.WaitingFor = "the answer";
                return node.Port switch
                {
                    1 => throw new IOException("broken"),
                    2 => ValueTask.FromResult<Outcome<string>>(new WireFault(FailureStage.Tls, "no")),
                    _ => ValueTask.FromResult<Outcome<string>>("fine"),
                };
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("fine", reports[0].Answer);
        Assert.Equal(new WireFault(FailureStage.Protocol, "the connection broke while waiting for the answer"), reports[1].Fault);
        Assert.Equal(new WireFault(FailureStage.Tls, "no"), reports[2].Fault);
    }

    [Fact]
    public async Task Cancelling_the_probe_flows_and_leaves_nothing_running()
    {
        var stage = new Stage();
        using var stop = new CancellationTokenSource();
        var all = NodeRounds.AskAllAsync(Run(), Nodes(3), 0.8, stage.AskAsync, stop.Token).AsTask();
        var any = NodeRounds.AskAnyAsync(Run(), Nodes(3), 0.8, stage.AskAsync, stop.Token).AsTask();
        Assert.Equal(4, stage.Running);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => any);
        Assert.Equal(0, stage.Running);
    }

    [Fact]
    public async Task Of_seeds_the_first_is_enough()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAnyAsync(Run(), Nodes(3), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        Assert.Equal(1, stage.Asked);
        stage.Answer(0, "a");
        Assert.Equal(["a"], (await asking).Select(report => report.Answer));
        Assert.Equal(1, stage.Asked);
        Assert.Equal(0, stage.Running);
    }

    [Fact]
    public async Task The_next_seed_is_asked_as_soon_as_one_failed()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAnyAsync(Run(), Nodes(2), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        stage.Fail(0, "refused");
        await stage.AskedBeyondAsync(1);
        stage.Answer(1, "b");
        var reports = await asking;
        Assert.Equal(["refused", null], reports.Select(report => report.Fault?.Message));
        Assert.Equal("b", reports[^1].Answer);
    }

    [Fact]
    public async Task The_next_seed_is_asked_beside_a_silent_one_which_may_still_win()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAnyAsync(Run(), Nodes(3), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        Assert.Equal(1, stage.Asked);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await stage.AskedBeyondAsync(1);
        Assert.Equal(2, stage.Running);
        stage.Answer(0, "late, but first");
        var report = Assert.Single(await asking);
        Assert.Equal("late, but first", report.Answer);

        // The one that was asked beside it has been stopped, and was waited for.
        Assert.Equal(0, stage.Running);
    }

    [Fact]
    public async Task When_no_seed_answers_each_says_why()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAnyAsync(Run(), Nodes(2), 0.5, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        stage.Fail(0, "refused");
        await stage.AskedBeyondAsync(1);
        _time.Advance(TimeSpan.FromSeconds(5.1));
        var reports = await asking;
        Assert.Equal(["refused", "node 1's answer did not come within 5 s"], reports.Select(report => report.Fault!.Message));
        Assert.Equal(0, stage.Running);
    }

    [Fact]
    public async Task No_timer_outlives_the_round()
    {
        var stage = new Stage();
        var asking = NodeRounds.AskAnyAsync(Run(), Nodes(2), 0.8, stage.AskAsync, TestContext.Current.CancellationToken).AsTask();
        stage.Answer(0, "a");
        await asking;
        var armed = _time.Armed;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(armed, _time.Armed);
        Assert.Equal(0, _time.Timers);
    }

    private ProbeRun Run() => new(_time, Budget);

    private static NodeAddress[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(number => new NodeAddress("h", number))];

    /// <summary>Nodes that answer when they are told to. A node's number is its port.</summary>
    private sealed class Stage
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<int, TaskCompletionSource<Outcome<string>>> _answers = [];
        private readonly Dictionary<int, TaskCompletionSource> _ends = [];
        private readonly List<(int Count, TaskCompletionSource Signal)> _waiters = [];
        private int _asked;
        private int _running;

        public int Asked => Volatile.Read(ref _asked);

        public int Running => Volatile.Read(ref _running);

        public async ValueTask<Outcome<string>> AskAsync(ProbeRun run, NodeAddress node, CancellationToken cancellationToken)
        {
            run.WaitingFor = string.Create(CultureInfo.InvariantCulture, $"node {node.Port}'s answer");
            Interlocked.Increment(ref _running);
            lock (_lock)
            {
                _asked++;
                foreach (var waiter in _waiters.Where(waiter => waiter.Count < _asked))
                {
                    waiter.Signal.TrySetResult();
                }
            }

            try
            {
                return await Of(node.Port).Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
                lock (_lock)
                {
                    _ends.GetValueOrDefault(node.Port)?.TrySetResult();
                }
            }
        }

        public void Answer(int node, string answer) => Of(node).SetResult(answer);

        /// <summary>Returns when the answer has been taken: a clock that is moved then cannot overtake it.</summary>
        public Task AnswerAndEndAsync(int node, string answer)
        {
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _ends[node] = end;
            }

            Answer(node, answer);
            return end.Task;
        }

        public void Fail(int node, string why) => Of(node).SetResult(new WireFault(FailureStage.Connect, why));

        /// <summary>Completes when more than so many nodes have been asked.</summary>
        public Task AskedBeyondAsync(int count)
        {
            lock (_lock)
            {
                var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiters.Add((count, signal));
                if (_asked > count)
                {
                    signal.SetResult();
                }

                return signal.Task;
            }
        }

        private TaskCompletionSource<Outcome<string>> Of(int node)
        {
            lock (_lock)
            {
                if (!_answers.TryGetValue(node, out var answer))
                {
                    _answers[node] = answer = new TaskCompletionSource<Outcome<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                return answer;
            }
        }
    }
}
