using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Memory;

namespace Monitor.Gateway.Web.Live;

/// <summary>
/// Keeps the board up to date for all who look at it, however many: settings from the store (only what was edited), what runs here from memory,
/// what runs elsewhere from the silos that run it at a pace that its size allows, and from the store where one of them does not answer.
/// </summary>
internal sealed class BoardReader(
    ITargetStore store,
    IHistoryStore history,
    ITargetRuntime runtime,
    IStoreLifecycle lifecycle,
    IEnumerable<ICondition> conditions,
    EditNews news,
    RecentPast past,
    StoreReach reach,
    StoreMemory memory,
    TimeProvider time,
    ILiveTargets? others = null) : IDisposable
{
    private const int PageSize = 500;
    private const int MaxSingleReads = 50;
    private const int MaxOpenAlerts = 200;

    /// <summary>How stale what this process does not run may be; and how much of the time may go into reading it.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);
    private const int ReadingShare = 40;

    /// <summary>Where all targets run here, all edits come by here, too: this is only for what nobody has thought of.</summary>
    private static readonly TimeSpan AllAlone = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AlertFreshness = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _reading = new(1);
    private Dictionary<long, TargetRow> _rows = [];
    private TimeSpan _readTook;
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;
    private DateTimeOffset _alertsAt = DateTimeOffset.MinValue;
    private long _versionOfAlerts = -1;
    private Board _board = Board.Empty;

    public Board Latest => Volatile.Read(ref _board);

    /// <summary>The board as it is now.</summary>
    public async Task<Board> ReadAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - Latest.At < Shortest && !news.Any)
        {
            return Latest;
        }

        if (!await TurnAsync(cancellationToken))
        {
            return Latest;
        }

        try
        {
            if (time.GetUtcNow() - Latest.At < Shortest && !news.Any)
            {
                return Latest;
            }

            var edited = await ReadRowsAsync(cancellationToken);
            var board = Overlaid(edited);
            board = await WithAlertsAsync(board, cancellationToken);
            Volatile.Write(ref _board, board);
            return board;
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    /// <summary>False: somebody else is reading, and what he read last is of a moment ago. Nobody waits for that.</summary>
    private async Task<bool> TurnAsync(CancellationToken cancellationToken)
    {
        if (await _reading.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return true;
        }

        if (time.GetUtcNow() - Latest.At < Recent && !news.Any)
        {
            return false;
        }

        await _reading.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>True when settings may have changed.</summary>
    private async Task<bool> ReadRowsAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var edited = news.Take();
        var elsewhere = runtime.Figures().Shards < ShardMap.Count || Latest.Targets.Any(target => !target.IsHere && target.Row.Target.Settings.Enabled);
        var due = elsewhere ? Max(Freshness, _readTook * ReadingShare) : AllAlone;
        try
        {
            if (now - _readAt >= due || edited.Count > MaxSingleReads)
            {
                await ReadAllAsync(cancellationToken);
                return true;
            }

            foreach (var id in edited)
            {
                if (await store.FindTargetAsync(id, cancellationToken) is { } row)
                {
                    _rows[id] = row;
                }
                else
                {
                    _rows.Remove(id);
                    past.Forget(id);
                }
            }
        }
        catch (StoreUnavailableException) when (_rows.Count > 0)
        {
            // What is known is shown on; the reasons say that the store is away.
            Again(edited);
        }
        catch
        {
            Again(edited);
            throw;
        }

        return edited.Count > 0;
    }

    private void Again(IReadOnlyList<long> edited)
    {
        foreach (var id in edited)
        {
            news.Add(id);
        }
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var rows = new Dictionary<long, TargetRow>();
        foreach (var row in await OfOthersAsync(cancellationToken) ?? await StoredAsync(cancellationToken))
        {
            // The same settings keep their object: what has not changed is told by reference.
            var same = _rows.TryGetValue(row.Target.Id, out var before) && before.Target.Revision == row.Target.Revision;
            rows[row.Target.Id] = same ? row with { Target = before!.Target } : row;
        }

        foreach (var gone in _rows.Keys.Where(id => !rows.ContainsKey(id)))
        {
            past.Forget(gone);
        }

        (_rows, _readAt, _readTook) = (rows, time.GetUtcNow(), time.GetElapsedTime(began));
    }

    private async Task<List<TargetRow>> StoredAsync(CancellationToken cancellationToken)
    {
        var rows = new List<TargetRow>();
        PageKey? after = null;
        do
        {
            var page = await store.ListTargetsAsync(new TargetQuery { Limit = PageSize, After = after }, cancellationToken);
            rows.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        return rows;
    }

    /// <summary>Settings as they are remembered, states as the owners know them. Null where that is not all: no other silos, one that does not answer, a target that nobody runs just now, one that is run and not known.</summary>
    private async Task<IReadOnlyCollection<TargetRow>?> OfOthersAsync(CancellationToken cancellationToken)
    {
        if (others is null || memory.Picture is null || await others.ReadAsync(cancellationToken) is not { IsWhole: true } elsewhere
            || await memory.ReadAsync(reach, cancellationToken) is not { } known)
        {
            return null;
        }

        foreach (var (id, live) in elsewhere.Targets)
        {
            if (live.Past is { } hour)
            {
                past.Add(id, hour);
            }
        }

        var isRun = known.Targets.Values.All(row => !row.Target.Settings.Enabled || elsewhere.Targets.ContainsKey(row.Target.Id) || runtime.Live(row.Target.Id) is not null);
        var isKnown = elsewhere.Targets.Keys.Concat(runtime.Here()).All(known.Targets.ContainsKey);
        return isRun && isKnown ? [.. known.Targets.Values] : null;
    }

    private Board Overlaid(bool edited)
    {
        var (before, now) = (Latest, time.GetUtcNow());
        var changed = edited || before.Targets.Count != _rows.Count;
        var targets = new List<BoardTarget>(_rows.Count);
        foreach (var row in _rows.Values)
        {
            var target = new BoardTarget(row, runtime.Live(row.Target.Id), past.Of(row.Target.Id), before.ById.GetValueOrDefault(row.Target.Id), now);
            changed |= target.ChangedAt == now;
            targets.Add(target);
        }

        targets.Sort(static (left, right) => string.Compare(left.Name, right.Name, StringComparison.OrdinalIgnoreCase) is var order and not 0 ? order : left.Id.CompareTo(right.Id));
        LocalizedText[] reasons = [.. (lifecycle.WriteTrouble is { } trouble ? (LocalizedText[])[trouble] : []).Concat(conditions.SelectMany(condition => condition.Reasons())).Distinct()];
        var away = reach.Away;
        changed |= !reasons.SequenceEqual(before.Reasons) || away?.Since != before.Away?.Since;
        return new Board(targets, before.OpenAlerts, reasons, changed ? before.Version + 1 : before.Version, now, away);
    }

    /// <summary>Deliveries change without any target changing: while one is on its way it is looked at every time.</summary>
    private async Task<Board> WithAlertsAsync(Board board, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var onTheWay = board.OpenAlerts.Any(row => row.Deliveries.Any(delivery => delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending));
        var due = onTheWay || board.Version != _versionOfAlerts || now - _alertsAt > AlertFreshness;
        if (!due)
        {
            return board;
        }

        IReadOnlyList<AlertRow> open;
        try
        {
            // What has fired since the store went away has no page of its own yet, and who was told of it is not known here: its target says it.
            var page = await history.ListAlertsAsync(new AlertQuery(true, null, null, null, null, MaxOpenAlerts), cancellationToken);
            open = [.. page.Items.Where(row => row.Alert.Id != 0)];
        }
        catch (StoreUnavailableException)
        {
            return board;
        }

        var version = Same(open, board.OpenAlerts) ? board.Version : board.Version + 1;
        (_alertsAt, _versionOfAlerts) = (now, version);
        return new Board(board.Targets, open, board.Reasons, version, board.At, board.Away);
    }

    private static bool Same(IReadOnlyList<AlertRow> left, IReadOnlyList<AlertRow> right) =>
        left.Count == right.Count && left.Zip(right).All(pair =>
            pair.First.Alert == pair.Second.Alert && pair.First.Deliveries.SequenceEqual(pair.Second.Deliveries));

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
