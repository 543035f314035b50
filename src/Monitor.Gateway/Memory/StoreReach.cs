using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Gateway.Memory;

/// <summary>
/// Whether the store answers reads. Found out by a small read once a second, and by every read that fails; while it is known to be away nobody waits for it.
/// </summary>
internal sealed class StoreReach(Stored<ITargetStore> store, TimeProvider time)
{
    public static readonly LocalizedText NoReads = new("the store does not answer reads", "存储不应答读取");

    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Absence? _away;
    private Task<Absence?>? _looking;
    private DateTimeOffset _answeredAt = DateTimeOffset.MinValue;

    /// <summary>Null while it answers.</summary>
    public Absence? Away
    {
        get
        {
            lock (_lock)
            {
                return _away;
            }
        }
    }

    /// <summary>When it last answered.</summary>
    public DateTimeOffset AnsweredAt
    {
        get
        {
            lock (_lock)
            {
                return _answeredAt;
            }
        }
    }

    public void Lost(LocalizedText reason)
    {
        lock (_lock)
        {
            _away = new Absence(_away?.Since ?? time.GetUtcNow(), reason);
        }
    }

    /// <summary>A small read, in bounded time; what it comes to. Whoever asks while one is under way shares it.</summary>
    public Task<Absence?> LookAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_looking is not { IsCompleted: false })
            {
                _looking = Task.Run(ReadOnceAsync, CancellationToken.None);
            }

            return _looking.WaitAsync(cancellationToken);
        }
    }

    private async Task<Absence?> ReadOnceAsync()
    {
        using var limit = new CancellationTokenSource(LookLimit, time);
        try
        {
            await store.Port.DefaultChannelIdsAsync(limit.Token).WaitAsync(limit.Token);
            lock (_lock)
            {
                (_away, _answeredAt) = (null, time.GetUtcNow());
            }
        }
        catch (StoreUnavailableException e)
        {
            Lost(e.Line);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Lost(NoReads);
        }

        return Away;
    }
}

/// <summary>The store answers no reads.</summary>
/// <param name="Since">When that was first seen.</param>
/// <param name="Reason">A line for people.</param>
public sealed record Absence(DateTimeOffset Since, LocalizedText Reason);
