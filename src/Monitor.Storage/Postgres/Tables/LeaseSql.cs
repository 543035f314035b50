namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// The statements of leases. What a call judges by is locked first, silos by id and then shards by number, and judged by the statements that follow, each of which sees
/// what was committed before it. Where the caller may not act, or the server is on another timeline than the caller knows, nothing fits.
/// </summary>
internal static class LeaseSql
{
    /// <summary>One statement, one snapshot, one row.</summary>
    public const string View =
        $"""
         SELECT {StateCommit.Timeline}, k.ids, k.names, k.addresses, k.zones, k.beats, k.stopping, k.dead, h.shards, h.owners, h.epochs, h.wanted, h.versions
         FROM (SELECT array_agg(id) AS ids, array_agg(name) AS names, array_agg(address) AS addresses, array_agg(zone) AS zones, array_agg(beat) AS beats,
                   array_agg(stopping) AS stopping, array_agg(dead) AS dead
               FROM (SELECT * FROM silos WHERE NOT dead OR id IN (SELECT owner FROM shards UNION ALL SELECT wanted_by FROM shards) ORDER BY id) s) k,
              (SELECT array_agg(shard) AS shards, array_agg(owner) AS owners, array_agg(epoch) AS epochs, array_agg(wanted_by) AS wanted, array_agg(version) AS versions
               FROM (SELECT s.shard, s.owner, s.epoch, s.wanted_by, v.version FROM shards s JOIN shard_versions v ON v.shard = s.shard ORDER BY s.shard) s) h
         """;

    /// <summary>A row that has long been dead and that no shard names means nothing to anybody.</summary>
    public const string Forget =
        "DELETE FROM silos WHERE dead AND started_at < $1 AND id NOT IN (SELECT owner FROM shards UNION ALL SELECT wanted_by FROM shards)";

    public const string Register =
        $"""
         INSERT INTO silos (id, instance, name, address, zone, started_at, beat) VALUES ({ShardTable.NextSilo}, $1, $2, $3, $4, $5, 1)
         ON CONFLICT (instance) DO UPDATE SET name = silos.name RETURNING id
         """;

    public const string Beat = "UPDATE silos SET beat = $2 WHERE id = $1 AND NOT dead AND beat < $2 RETURNING id";

    /// <summary>Where the silo's row is gone, another row: a commit that writes nothing would prove nothing.</summary>
    public const string TryWrite =
        """
        WITH own AS (UPDATE silos SET tries = tries + 1 WHERE id = $1 RETURNING 1)
        INSERT INTO write_trials (id, at) SELECT 2, 1 WHERE NOT EXISTS (SELECT 1 FROM own) ON CONFLICT (id) DO UPDATE SET at = write_trials.at + 1
        """;

    public const string LockSilos = "SELECT count(*), 0::bigint, 0::bigint FROM (SELECT 1 FROM silos WHERE id = ANY($1) ORDER BY id FOR UPDATE) held";

    public const string ShareSilos = "SELECT count(*), 0::bigint, 0::bigint FROM (SELECT 1 FROM silos WHERE id = ANY($1) ORDER BY id FOR SHARE) held";

    public const string LockShards = "SELECT count(*), 0::bigint, 0::bigint FROM (SELECT 1 FROM shards WHERE shard = ANY($1) ORDER BY shard FOR UPDATE) held";

    /// <summary>$1 the caller, $2 its timeline, $3 silos, $4 their beats.</summary>
    public const string MarkDead =
        $"""
         UPDATE silos s SET dead = true FROM unnest($3::bigint[], $4::bigint[]) AS g (id, beat)
         WHERE s.id = g.id AND s.beat = g.beat AND NOT s.dead AND {MayTake}
         """;

    /// <summary>$1 the caller, $2 its timeline, $3 shards, $4 their epochs. An owner without a row is as dead as one whose row says so.</summary>
    public const string Claim =
        $"""
         UPDATE shards s SET owner = $1, epoch = s.epoch + 1, wanted_by = 0 FROM unnest($3::integer[], $4::bigint[]) AS g (shard, epoch)
         WHERE s.shard = g.shard AND s.epoch = g.epoch AND NOT EXISTS (SELECT 1 FROM silos o WHERE o.id = s.owner AND NOT o.dead) AND {MayTake}
         RETURNING s.shard::bigint, s.owner, s.epoch
         """;

    /// <summary>$1 the caller, $2 its timeline, $3 shards, $4 their epochs, $5 who wanted them. Given again it finds the caller's own bid.</summary>
    public const string Bid =
        $"""
         UPDATE shards s SET wanted_by = $1 FROM unnest($3::integer[], $4::bigint[], $5::bigint[]) AS g (shard, epoch, before)
         WHERE s.shard = g.shard AND s.epoch = g.epoch AND (s.wanted_by = g.before OR s.wanted_by = $1) AND {MayTake}
         RETURNING s.shard::bigint, s.owner, s.epoch
         """;

    /// <summary>$1 the caller, $2 its timeline, $3 shards, $4 their epochs, $5 who is to have them.</summary>
    public const string HandOver =
        $"""
         UPDATE shards s SET owner = g.heir, epoch = s.epoch + 1, wanted_by = 0 FROM unnest($3::integer[], $4::bigint[], $5::bigint[]) AS g (shard, epoch, heir)
         WHERE s.shard = g.shard AND s.owner = $1 AND s.epoch = g.epoch AND s.wanted_by = g.heir
             AND EXISTS (SELECT 1 FROM silos o WHERE o.id = g.heir AND NOT o.dead AND NOT o.stopping) AND {Alive} AND $2 = {StateCommit.Timeline}
         RETURNING s.shard::bigint, s.owner, s.epoch
         """;

    /// <summary>$1 the caller, $2 the new timeline, $3 shards, $4 the epochs it held.</summary>
    public const string Reclaim =
        $"""
         UPDATE shards s SET owner = $1, epoch = greatest(s.epoch, g.epoch) + 1, wanted_by = 0 FROM unnest($3::integer[], $4::bigint[]) AS g (shard, epoch)
         WHERE s.shard = g.shard AND (s.owner = $1 OR s.epoch < g.epoch) AND {Alive} AND $2 = {StateCommit.Timeline}
         RETURNING s.shard::bigint, s.owner, s.epoch
         """;

    /// <summary>$1 the caller.</summary>
    public const string IsAlive = $"SELECT 0::bigint, 0::bigint, 0::bigint WHERE {Alive}";

    public const string MarkStopping = "UPDATE silos SET stopping = true WHERE id = $1";

    public const string Leave = "UPDATE silos SET dead = true WHERE id = $1";

    private const string Alive = "EXISTS (SELECT 1 FROM silos me WHERE me.id = $1 AND NOT me.dead)";

    private const string MayTake = $"EXISTS (SELECT 1 FROM silos me WHERE me.id = $1 AND NOT me.dead AND NOT me.stopping) AND $2 = {StateCommit.Timeline}";
}
