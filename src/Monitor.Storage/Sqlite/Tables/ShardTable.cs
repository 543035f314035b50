using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Who may write for a shard, and how often its targets were edited.</summary>
internal static class ShardTable
{
    public static IReadOnlyList<Fence> ClaimAll(SqliteSession session, SiloIdentity silo)
    {
        session.Execute("UPDATE silos SET dead = 1 WHERE dead = 0");
        var owner = session.Number(
            "INSERT INTO silos (name, address, zone, started_at) VALUES (@1, @2, @3, @4) RETURNING id",
            silo.Name, silo.Address, silo.Zone, Micros.Of(silo.StartedAt))!.Value;
        session.Execute("UPDATE shards SET owner = @1, epoch = epoch + 1, wanted_by = NULL", owner);
        return session.Rows(
            row => new Fence(row.GetInt32(0), row.GetInt64(1), row.GetInt64(2)), "SELECT shard, owner, epoch FROM shards ORDER BY shard");
    }

    public static void Bump(SqliteSession session, int shard) =>
        session.Execute("UPDATE shards SET version = version + 1 WHERE shard = @1", shard);

    public static bool Holds(SqliteSession session, Fence fence) =>
        session.Number("SELECT 1 FROM shards WHERE shard = @1 AND owner = @2 AND epoch = @3", fence.Shard, fence.Owner, fence.Epoch) is not null;
}
