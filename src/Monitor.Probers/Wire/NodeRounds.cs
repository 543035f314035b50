using Monitor.Core.Configs;

namespace Monitor.Probers.Wire;

/// <summary>Asking several nodes within one deadline, so that a silent one costs the others nothing and there is time left to say which it was.</summary>
public static class NodeRounds
{
    /// <summary>Nodes that are asked at once: more would be a burst of sockets for one target.</summary>
    public const int SideBySide = 16;

    /// <summary>How long before the next seed is asked beside a silent one.</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Asks every node; answers come in the order of <paramref name="nodes"/>. A node has <paramref name="share"/> of what is left of the probe's time
    /// (several batches share that out between them), then it is given up as timed out. Cancellation of the probe itself flows as <see cref="OperationCanceledException"/>.
    /// </summary>
    /// <param name="share">0-1, of what is left: below 1, so that the verdict is given before the deadline.</param>
    public static async ValueTask<IReadOnlyList<NodeReport<T>>> AskAllAsync<T>(
        ProbeRun run, IReadOnlyList<NodeAddress> nodes, double share, Func<ProbeRun, NodeAddress, CancellationToken, ValueTask<Outcome<T>>> ask,
        CancellationToken cancellationToken)
        where T : class
    {
        var reports = new List<NodeReport<T>>(nodes.Count);
        var batches = nodes.Chunk(SideBySide).ToArray();
        for (var i = 0; i < batches.Length; i++)
        {
            var patience = run.Left * share / (batches.Length - i);
            reports.AddRange(await Task.WhenAll(batches[i].Select(node => AskAsync(run, node, patience, ask, cancellationToken))));
        }

        return reports;
    }

    /// <summary>
    /// The first node that answers, asked in order: the next one as soon as one failed, or beside it when it is silent. Those that failed before are in the list;
    /// the last report is the answer, or all are faults.
    /// </summary>
    public static async ValueTask<IReadOnlyList<NodeReport<T>>> AskAnyAsync<T>(
        ProbeRun run, IReadOnlyList<NodeAddress> nodes, double share, Func<ProbeRun, NodeAddress, CancellationToken, ValueTask<Outcome<T>>> ask,
        CancellationToken cancellationToken)
        where T : class
    {
        var until = run.Elapsed + (run.Left * share);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<NodeReport<T>>>();
        var reports = new List<NodeReport<T>>();
        try
        {
            for (var next = 0; next < nodes.Count || running.Count > 0;)
            {
                // Those that begin later have less time: all together must not outlast their share.
                if (next < nodes.Count && until - run.Elapsed is var patience && (patience > TimeSpan.Zero || next == 0))
                {
                    running.Add(AskAsync(run, nodes[next++], patience > TimeSpan.Zero ? patience : TimeSpan.Zero, ask, stop.Token));
                }
                else if (running.Count == 0)
                {
                    return reports;
                }

                if (await FirstEndedAsync(running, next < nodes.Count, run.Time, stop.Token) is >= 0 and var ended)
                {
                    reports.Add(await running[ended]);
                    running.RemoveAt(ended);
                    if (reports[^1].Answer is not null)
                    {
                        return reports;
                    }
                }
            }

            return reports;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Which one; -1 when it is time to ask the next one beside those under way.</summary>
    private static async Task<int> FirstEndedAsync<T>(
        List<Task<NodeReport<T>>> running, bool moreToAsk, TimeProvider time, CancellationToken cancellationToken)
        where T : class
    {
        if (!moreToAsk)
        {
            return running.IndexOf(await Task.WhenAny(running));
        }

        // The pause is ended with whoever ended first: no timer outlives the probe.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pause = Task.Delay(Stagger, time, ended.Token);
        var first = await Task.WhenAny(running.Append(pause));
        await ended.CancelAsync();
        await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return running.FindIndex(node => node == first);
    }

    private static async Task<NodeReport<T>> AskAsync<T>(
        ProbeRun run, NodeAddress node, TimeSpan patience, Func<ProbeRun, NodeAddress, CancellationToken, ValueTask<Outcome<T>>> ask,
        CancellationToken cancellationToken)
        where T : class
    {
        var part = new ProbeRun(run.Time, patience);
        using var end = new CancellationTokenSource(patience, run.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
        var outcome = await part.GuardAsync((own, token) => ask(own, node, token), either.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return new NodeReport<T>(node, part, outcome.Value, outcome.Fault);
    }
}

/// <summary>What one node came to.</summary>
/// <param name="Run">Its phases, address and certificate warnings.</param>
/// <param name="Answer">Null: <paramref name="Fault"/> says why.</param>
public sealed record NodeReport<T>(NodeAddress Node, ProbeRun Run, T? Answer, WireFault? Fault)
    where T : class;
