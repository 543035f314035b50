using Monitor.Core.Ports;

namespace Monitor.Gateway.Memory;

/// <summary>One read: of the store while it answers, of memory while it is away.</summary>
internal sealed class Recall(StoreReach reach, StoreMemory memory, AnswerOrigin origin, TimeProvider time)
{
    /// <summary>A store that hangs must not make everybody hang; a list of twenty thousand targets under load takes less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="remember">May throw what <see cref="Away"/> gives: memory cannot say.</param>
    /// <exception cref="StoreUnavailableException">Neither can say.</exception>
    public async Task<T> ReadAsync<T>(Func<CancellationToken, Task<T>> read, Func<Remembered, T> remember, CancellationToken cancellationToken)
    {
        if (!origin.MayRemember)
        {
            return await read(cancellationToken);
        }

        if (reach.Away is null)
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                return await read(both.Token).WaitAsync(both.Token);
            }
            catch (StoreUnavailableException e)
            {
                reach.Lost(e.Line);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                reach.Lost(StoreReach.NoReads);
            }
        }

        var remembered = await memory.ReadAsync(reach, cancellationToken) ?? throw Away();
        var answer = remember(remembered);
        origin.Mark(remembered.At);
        return answer;
    }

    /// <summary>What only the store knows: while it is known to be away nobody waits for it longer than for a look whether it is back.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        if (origin.MayRemember && reach.Away is not null && await reach.LookAsync(cancellationToken) is not null)
        {
            throw Away();
        }

        return await read();
    }

    public StoreUnavailableException Away() => new(reach.Away?.Reason ?? StoreReach.NoReads);
}
