using System.Collections.Immutable;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Targets;

namespace Monitor.Gateway.Memory;

/// <summary>
/// The picture of the store that this process keeps, so that reads go on while the store is away. Settings are as they last were in the store; how targets are is asked of whoever runs
/// them: this process of its own, the other silos of theirs.
/// </summary>
internal sealed class StoreMemory(ITargetRuntime runtime, ILiveTargets? others = null)
{
    private readonly Lock _lock = new();
    private readonly HashSet<long> _deleted = [];
    private StorePicture? _picture;

    /// <summary>Null until the store has been read once.</summary>
    public StorePicture? Picture => Volatile.Read(ref _picture);

    /// <summary>Everything anew. What was edited here while it was read stays as it was edited.</summary>
    public void Begin(IEnumerable<TargetRow> rows, IEnumerable<Channel> channels, DateTimeOffset readAt)
    {
        lock (_lock)
        {
            var before = _picture ?? new StorePicture();
            var targets = rows.Where(row => !_deleted.Contains(row.Target.Id)).Select(row => Newer(before.Targets.GetValueOrDefault(row.Target.Id), row)).ToImmutableDictionary(row => row.Target.Id);
            _deleted.Clear();
            Volatile.Write(ref _picture, before with { Targets = targets, Channels = channels.ToImmutableSortedDictionary(channel => channel.Id, channel => channel), StatesAt = readAt });
        }
    }

    public void Take(IReadOnlyCollection<TargetRow> rows) => Change(picture => picture with
    {
        Targets = picture.Targets.SetItems(rows.Where(row => !_deleted.Contains(row.Target.Id))
            .Select(row => (row, before: picture.Targets.GetValueOrDefault(row.Target.Id)))
            .Select(pair => KeyValuePair.Create(pair.row.Target.Id, Newer(pair.before, pair.row with { LastResult = pair.before?.LastResult })))),
    });

    public void Remove(IReadOnlyCollection<long> ids) => Change(picture => picture with { Targets = picture.Targets.RemoveRange(ids) });

    public void TakeChannels(IEnumerable<Channel> channels) =>
        Change(picture => picture with { Channels = channels.ToImmutableSortedDictionary(channel => channel.Id, channel => channel) });

    public void TakeOpen(IReadOnlyList<AlertRow> open, long total) => Change(picture => picture with { Open = open, OpenTotal = total });

    /// <summary>Edited through this process just now.</summary>
    public void Put(Target target) => Change(picture =>
    {
        var before = picture.Targets.GetValueOrDefault(target.Id);
        return picture with { Targets = picture.Targets.SetItem(target.Id, Newer(before, new TargetRow(target, before?.State, before?.LastResult))) };
    });

    public void Put(Channel channel) => Change(picture => picture with { Channels = picture.Channels.SetItem(channel.Id, channel) });

    public void RemoveTarget(long id) => Change(picture =>
    {
        // A read that is under way may still bring it; ids are never used again.
        _deleted.Add(id);
        return picture with { Targets = picture.Targets.Remove(id) };
    });

    public void RemoveChannel(long id) => Change(picture => picture with { Channels = picture.Channels.Remove(id) });

    /// <summary>What can be said just now; null when the store has never been read.</summary>
    public async Task<Remembered?> ReadAsync(StoreReach reach, CancellationToken cancellationToken)
    {
        if (Picture is not { } picture)
        {
            return null;
        }

        var elsewhere = others is null ? LiveElsewhere.None : await others.ReadAsync(cancellationToken);
        var rows = new Dictionary<long, TargetRow>(picture.Targets.Count);
        var isLive = true;
        foreach (var (id, row) in picture.Targets)
        {
            var live = runtime.Live(id) ?? elsewhere.Targets.GetValueOrDefault(id);
            isLive &= live is not null || !row.Target.Settings.Enabled;
            rows.Add(id, live is null ? row : row with { State = live.State, LastResult = Newest(row, live) });
        }

        return new Remembered(rows, picture, isLive || elsewhere.IsWhole ? reach.AnsweredAt : picture.StatesAt);
    }

    private static Core.Probing.CheckRecord? Newest(TargetRow row, LiveTarget live) =>
        live.LastResult is { } last && !(row.LastResult?.CheckedAt > last.CheckedAt) ? last : row.LastResult;

    private static TargetRow Newer(TargetRow? before, TargetRow row)
    {
        var plain = before is not null && before.Target.Revision >= row.Target.Revision ? before.Target : row.Target;
        return row with { Target = plain.Settings.Config.Length == 0 ? plain : plain with { Settings = plain.Settings with { Config = "" } } };
    }

    private void Change(Func<StorePicture, StorePicture> change)
    {
        lock (_lock)
        {
            if (_picture is { } picture)
            {
                Volatile.Write(ref _picture, change(picture));
            }
        }
    }
}

/// <summary>What is remembered, with what is known of this moment.</summary>
/// <param name="At">Nothing in it is older than this, but for what the store alone knows.</param>
internal sealed record Remembered(IReadOnlyDictionary<long, TargetRow> Targets, StorePicture Picture, DateTimeOffset At);
