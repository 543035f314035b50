using System.Collections.Concurrent;

namespace Monitor.Storage.Sqlite;

/// <summary>
/// The slot (5 s) of each target's newest open result, as this process has written them: without it, finding one target's last result would mean
/// a look into every slot of the last twenty minutes. A hint: a write that was rolled back leaves one that is too new.
/// </summary>
internal sealed class OpenSlots
{
    private readonly ConcurrentDictionary<long, long> _newest = [];

    /// <summary>What an earlier process has left.</summary>
    public void Fill(SqliteSession session)
    {
        foreach (var (target, slot) in session.Rows(
            row => (row.GetInt64(0), row.GetInt64(1)), "SELECT target_id, max(slot) FROM probe_results GROUP BY target_id"))
        {
            Saw(target, slot);
        }
    }

    public void Saw(long targetId, long slot)
    {
        if (!_newest.TryGetValue(targetId, out var known) || slot > known)
        {
            _newest[targetId] = slot;
        }
    }

    /// <summary>Null: the target has no open result.</summary>
    public long? NewestOf(long targetId) => _newest.TryGetValue(targetId, out var slot) ? slot : null;

    /// <summary>All rows of slots before this one are gone.</summary>
    public void Forget(long before)
    {
        foreach (var (target, slot) in _newest)
        {
            if (slot < before)
            {
                _newest.TryRemove(new KeyValuePair<long, long>(target, slot));
            }
        }
    }
}
