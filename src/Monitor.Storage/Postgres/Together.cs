using Monitor.Core.Ports;

namespace Monitor.Storage.Postgres;

/// <summary>
/// Calls of one kind share a transaction: those that come while another is under way are made together by the next one. Where what is asked together fails for a reason of its own
/// (and not because the store is away), each is asked alone, so that one's failure is not the others'.
/// </summary>
/// <param name="together">Answers in the order of what was asked.</param>
/// <param name="company">For how long the next one waits while many come, at most: as many as last time are company enough.</param>
internal sealed class Together<TAsk, TAnswer>(Func<IReadOnlyList<TAsk>, Task<IReadOnlyList<TAnswer>>> together, TimeSpan company, TimeProvider time)
{
    private const int MostTogether = 256;

    /// <summary>Who asks one after the other, each time after an answer, is alone.</summary>
    private const int Many = 2;

    private readonly Lock _lock = new();
    private readonly Queue<(TAsk Ask, TaskCompletionSource<TAnswer> Answer)> _waiting = new();
    private bool _running;
    private int _expected;
    private TaskCompletionSource? _gathered;

    /// <param name="cancellationToken">Ends the waiting, not what was asked.</param>
    public Task<TAnswer> RunAsync(TAsk ask, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue((ask, answer));
            if (_waiting.Count >= _expected)
            {
                _gathered?.TrySetResult();
            }

            if (_running)
            {
                return answer.Task.WaitAsync(cancellationToken);
            }

            _running = true;
        }

        _ = Task.Run(LoopAsync, CancellationToken.None);
        return answer.Task.WaitAsync(cancellationToken);
    }

    private async Task LoopAsync()
    {
        while (Take() is { Count: > 0 } group)
        {
            await AnswerAsync(group);
            if (group.Count >= Many || IsMany())
            {
                await GatherAsync(group.Count);
            }
        }
    }

    /// <summary>Those who were answered together ask again together, where each asks one after the other: the next one goes when they are there.</summary>
    private async Task GatherAsync(int expected)
    {
        var gathered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_waiting.Count >= expected)
            {
                return;
            }

            (_expected, _gathered) = (expected, gathered);
        }

        using var enough = new CancellationTokenSource();
        await Task.WhenAny(gathered.Task, Task.Delay(company, time, enough.Token));
        await enough.CancelAsync();
    }

    private bool IsMany()
    {
        lock (_lock)
        {
            return _waiting.Count >= Many;
        }
    }

    private List<(TAsk Ask, TaskCompletionSource<TAnswer> Answer)> Take()
    {
        lock (_lock)
        {
            var group = new List<(TAsk, TaskCompletionSource<TAnswer>)>();
            while (group.Count < MostTogether && _waiting.TryDequeue(out var next))
            {
                group.Add(next);
            }

            if (group.Count == 0)
            {
                _running = false;
            }

            return group;
        }
    }

    private async Task AnswerAsync(List<(TAsk Ask, TaskCompletionSource<TAnswer> Answer)> group)
    {
        try
        {
            var answers = await together([.. group.Select(one => one.Ask)]);
            foreach (var ((_, waiter), answer) in group.Zip(answers))
            {
                waiter.SetResult(answer);
            }
        }
        catch (Exception e) when (group.Count == 1 || e is StoreUnavailableException)
        {
            group.ForEach(one => one.Answer.SetException(e));
        }
        catch (Exception e) when (e is not OperationCanceledException || group.Count > 1)
        {
            foreach (var one in group)
            {
                await AnswerAsync([one]);
            }
        }
    }
}
