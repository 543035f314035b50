using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>States of targets: read with their targets, written by compare-and-set under a fence.</summary>
internal static class StateTable
{
    private const string Loading =
        $"SELECT {TargetRows.Columns}, s.state, s.version, s.memory FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location";

    /// <summary>Targets whose secrets cannot be opened are left out: a probe without its password would report an outage that is ours.</summary>
    public static List<StoredTarget> Load(SqliteSession session, SecretBox secrets, IReadOnlyCollection<int> shards)
    {
        var wanted = new bool[ShardMap.Count];
        foreach (var shard in shards)
        {
            wanted[shard] = true;
        }

        var channels = TargetRows.Channels(session, targets: null);
        var results = new ResultReading(session);
        var loaded = new List<StoredTarget>();
        using (var row = session.Query(Loading + " ORDER BY t.id"))
        {
            while (row.Read())
            {
                if (wanted[row.GetInt32(1)])
                {
                    loaded.Add(Read(row, secrets));
                }
            }
        }

        loaded.RemoveAll(stored => !stored.Deleted && TargetRows.IsUnreadable(stored.Target));
        for (var i = 0; i < loaded.Count; i++)
        {
            loaded[i] = loaded[i] with
            {
                Target = TargetRows.WithChannels(loaded[i].Target, channels),
                LastCheckedAt = results.NewestConclusive(loaded[i].Target.Id),
            };
        }

        return loaded;
    }

    public static StoredTarget? Find(SqliteSession session, SecretBox secrets, long id)
    {
        var stored = session.First(row => Read(row, secrets), Loading + " WHERE t.id = @1", id);
        return stored is null
            ? null
            : stored with
            {
                Target = TargetRows.WithChannels(stored.Target, TargetRows.Channels(session, [id])),
                LastCheckedAt = new ResultReading(session).NewestConclusive(id),
            };
    }

    /// <summary>The state and all that follows from it, or nothing of it.</summary>
    public static StateOutcome Write(SqliteSession session, StateWrite write)
    {
        var known = session.First(
            row => (Id: row.GetInt64(0), Version: row.LongOrNull(1) ?? 0, State: row.TextOrNull(2), Deleted: !row.IsDBNull(3)),
            "SELECT t.id, s.version, s.state, t.deleted_at FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = @2 WHERE t.id = @1",
            write.TargetId, write.Location);
        if (!ShardTable.Holds(session, write.Fence) || write.Fence.Shard != ShardMap.Of(write.TargetId))
        {
            return StateOutcome.FenceLost;
        }

        if (known.Id == 0)
        {
            // A target that has been cleaned up has nothing left to write; said again, its removal has been done.
            return write.RemoveTarget ? StateOutcome.Committed : StateOutcome.VersionLost;
        }

        var state = HealthStateCodec.Encode(write.State);
        if (known.Version == write.ExpectedVersion + 1 && known.State == state)
        {
            return StateOutcome.Committed;
        }

        if (known.Version != write.ExpectedVersion || (write.RemoveTarget && !known.Deleted))
        {
            return StateOutcome.VersionLost;
        }

        Store(session, write, state);
        return StateOutcome.Committed;
    }

    private static void Store(SqliteSession session, StateWrite write, string state)
    {
        foreach (var alert in write.Alerts)
        {
            AlertTable.Write(session, alert);
        }

        foreach (var delivery in write.Deliveries)
        {
            DeliveryTable.Insert(session, delivery);
        }

        if (write.RemoveTarget)
        {
            session.Execute("DELETE FROM target_states WHERE target_id = @1", write.TargetId);
            session.Execute("DELETE FROM probe_targets WHERE id = @1", write.TargetId);
            return;
        }

        session.Execute(
            """
            INSERT INTO target_states (target_id, location, version, state, status, status_since, memory) VALUES (@1, @2, @3, @4, @5, @6, @7)
            ON CONFLICT (target_id, location) DO UPDATE SET version = excluded.version, state = excluded.state, status = excluded.status,
                status_since = excluded.status_since, memory = coalesce(excluded.memory, target_states.memory)
            """,
            write.TargetId, write.Location, write.ExpectedVersion + 1, state, write.State.Status.Name(), Micros.Of(write.State.StatusSince),
            write.Memory?.ToArray());
    }

    private static StoredTarget Read(Microsoft.Data.Sqlite.SqliteDataReader row, SecretBox secrets) => new(
        TargetRows.Read(row, secrets),
        TargetRows.ReadState(row, TargetRows.ColumnCount),
        row.LongOrNull(TargetRows.ColumnCount + 1) ?? 0,
        row.BytesOrNull(TargetRows.ColumnCount + 2),
        null,
        TargetRows.IsDeleted(row));
}
