using System.Globalization;
using Monitor.Core.Ports;

namespace Monitor.Grains.Writing;

/// <summary>How the store is, as the writer sees it: reachable, away since when and why, and what waits for it.</summary>
public sealed class StoreCondition(IStoreLifecycle lifecycle) : ICondition
{
    private readonly Lock _lock = new();
    private string? _reason;
    private DateTimeOffset? _since;
    private (int Journal, int Memory) _waiting;

    /// <summary>False from the first write that was not confirmed until one is.</summary>
    public bool IsAvailable
    {
        get
        {
            lock (_lock)
            {
                return _reason is null;
            }
        }
    }

    /// <summary>True until all that had to wait for the store is in it.</summary>
    public bool HasGap
    {
        get
        {
            lock (_lock)
            {
                return _since is not null;
            }
        }
    }

    public IReadOnlyList<string> Reasons()
    {
        lock (_lock)
        {
            if (_since is not { } since)
            {
                return lifecycle.WriteTrouble is { } trouble ? [$"store: {trouble}"] : [];
            }

            var state = _reason is null
                ? "back, records of the time without it are being written"
                : string.Create(CultureInfo.InvariantCulture, $"{_reason} (since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'})");
            return [$"store: {state}{Waiting(_waiting)}"];
        }
    }

    /// <summary>True when that is news.</summary>
    internal bool Away(string reason, DateTimeOffset now)
    {
        lock (_lock)
        {
            var news = _since is null;
            _since ??= now;
            _reason = reason;
            return news;
        }
    }

    /// <summary>It took a write again; what waited is not all there yet.</summary>
    internal void Returning()
    {
        lock (_lock)
        {
            _reason = null;
        }
    }

    /// <summary>All that waited is in it. Answers since when it had been away; null when it had not.</summary>
    internal DateTimeOffset? Back()
    {
        lock (_lock)
        {
            var since = _since;
            _reason = null;
            _since = null;
            _waiting = default;
            return since;
        }
    }

    internal void Waits((int Journal, int Memory) records)
    {
        lock (_lock)
        {
            _waiting = records;
        }
    }

    private static string Waiting((int Journal, int Memory) records) => records switch
    {
        (0, 0) => "",
        (_, 0) => string.Create(CultureInfo.InvariantCulture, $", {records.Journal} records waiting in the journal"),
        (0, _) => string.Create(CultureInfo.InvariantCulture, $", {records.Memory} records waiting in memory"),
        _ => string.Create(CultureInfo.InvariantCulture, $", {records.Journal} records waiting in the journal and {records.Memory} in memory"),
    };
}
