using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Grains.Writing;

/// <summary>How the store is, as the writer sees it: reachable, away since when and why, and what waits for it.</summary>
public sealed class StoreCondition(IStoreLifecycle lifecycle) : ICondition
{
    public static readonly LocalizedText NoAnswer = new("it does not answer", "没有应答");

    private static readonly LocalizedText Replaying = new("back, records of the time without it are being written", "已恢复，正在补写其不可用期间的记录");

    private readonly Lock _lock = new();
    private LocalizedText? _reason;
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

    public IReadOnlyList<LocalizedText> Reasons()
    {
        lock (_lock)
        {
            if (_since is not { } since)
            {
                return lifecycle.WriteTrouble is { } trouble ? [Told(trouble)] : [];
            }

            return [Told(_reason is { } reason ? Since(reason, since) : Replaying, _waiting)];
        }
    }

    /// <summary>True when that is news.</summary>
    internal bool Away(LocalizedText reason, DateTimeOffset now)
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

    private static LocalizedText Told(LocalizedText state, (int Journal, int Memory) waiting = default)
    {
        var (english, chinese) = Waiting(waiting);
        return new LocalizedText($"store: {state.English}{english}", $"存储：{state.Chinese}{chinese}");
    }

    private static LocalizedText Since(LocalizedText reason, DateTimeOffset since)
    {
        var at = since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new LocalizedText($"{reason.English} (since {at})", $"{reason.Chinese}（自 {at} 起）");
    }

    private static (string English, string Chinese) Waiting((int Journal, int Memory) records)
    {
        var (journal, memory) = (records.Journal.ToString(CultureInfo.InvariantCulture), records.Memory.ToString(CultureInfo.InvariantCulture));
        return records switch
        {
            (0, 0) => ("", ""),
            (_, 0) => ($", {journal} records waiting in the journal", $"，日志中有 {journal} 条记录待写入"),
            (0, _) => ($", {memory} records waiting in memory", $"，内存中有 {memory} 条记录待写入"),
            _ => ($", {journal} records waiting in the journal and {memory} in memory", $"，日志中有 {journal} 条、内存中有 {memory} 条记录待写入"),
        };
    }
}
