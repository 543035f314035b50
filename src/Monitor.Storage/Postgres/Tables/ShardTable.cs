using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Who may write for a shard.</summary>
internal static class ShardTable
{
    /// <summary>
    /// The next number of a silo's row, never given before: a promoted standby may have lost what its sequence gave last, so each timeline has a range of its own.
    /// </summary>
    public const string NextSilo = $"nextval('silo_numbers') + (({StateCommit.Timeline}) - 1) * 4294967296";

    /// <summary>For the only silo of an installation: whoever else there was is dead from now on, and what it left under way commits nothing.</summary>
    public static async Task<IReadOnlyList<Fence>> ClaimAllAsync(PgSession session, SiloIdentity silo, Guid instance)
    {
        var answers = await session.RowsAsync(
            [
                PgStatement.Begin,
                .. PgStatement.Limits(PgLimits.EditMilliseconds),
                new PgStatement("SELECT count(*), 0, 0, 0::bigint FROM (SELECT 1 FROM silos WHERE NOT dead ORDER BY id FOR UPDATE) held"),
                new PgStatement("SELECT count(*), 0, 0, 0::bigint FROM (SELECT 1 FROM shards ORDER BY shard FOR UPDATE) held"),
                new PgStatement("UPDATE silos SET dead = true WHERE NOT dead"),
                new PgStatement(
                    $"INSERT INTO silos (id, instance, name, address, zone, started_at, beat) VALUES ({NextSilo}, $1, $2, $3, $4, $5, 1)",
                    instance, silo.Name, silo.Address, silo.Zone, Micros.Of(silo.StartedAt)),
                new PgStatement("UPDATE shards SET owner = (SELECT id FROM silos WHERE instance = $1), epoch = epoch + 1, wanted_by = 0", instance),
                new PgStatement($"SELECT shard::bigint, owner, epoch, {StateCommit.Timeline} FROM shards ORDER BY shard"),
                PgStatement.Commit,
            ],
            row => new Fence((int)row.GetInt64(0), Convert.ToInt64(row.GetValue(1), null), Convert.ToInt64(row.GetValue(2), null), row.GetInt64(3)));
        return answers[^1];
    }
}
