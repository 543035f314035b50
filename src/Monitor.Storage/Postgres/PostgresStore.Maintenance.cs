using Monitor.Core.Ports;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres.Tables;
using Npgsql;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>How long after its end ten minutes are packed: results are written within a second, a slow probe's a few minutes after its start.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private long _aheadOf = -1;

    /// <summary>Every silo asks; one at a time works: upkeep's row is the claim, for as long as a round takes, and holds how far it has come.</summary>
    public async Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        await EnsureDaysAsync(Partitions.DayOf(Micros.Of(now)), cancellationToken);
        try
        {
            return await PackAsync(now, retention, cancellationToken) switch
            {
                Round.Busy => false,
                Round.Worked => true,
                _ => await ExpireAsync(now, retention, cancellationToken),
            };
        }
        catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure })
        {
            // Another silo has just ended a round that began while this one looked.
            return false;
        }
    }

    private enum Round
    {
        /// <summary>Another silo is at it.</summary>
        Busy,
        Worked,
        Nothing,
    }

    private async Task EnsureDaysAsync(long today, CancellationToken cancellationToken)
    {
        if (Interlocked.Read(ref _aheadOf) == today)
        {
            return;
        }

        await MakeDaysAsync([.. Enumerable.Range(0, Partitions.DaysAhead + 1).Select(ahead => today + ahead)], cancellationToken);
        Interlocked.Exchange(ref _aheadOf, today);
    }

    /// <summary>Tried again while another silo does the same, or somebody uses the tables.</summary>
    private async Task MakeDaysAsync(IReadOnlyCollection<long> days, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await PgSession.RunAsync(
                    Pool,
                    async session =>
                    {
                        await Partitions.EnsureAsync(session, days);
                        return true;
                    },
                    cancellationToken);
                return;
            }
            catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } && tries < MostTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50 * tries), _time, cancellationToken);
            }
        }
    }

    private async Task<Round> PackAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<long> days = [];
        try
        {
            return await PgSession.RunAsync(Pool, session => PackAsync(session, now, retention, touched => days = touched), cancellationToken);
        }
        catch (PostgresException e) when (PgFaults.IsMissingPartition(e) && days.Count > 0)
        {
            await MakeDaysAsync(days, cancellationToken);
            return Round.Worked;
        }
    }

    private async Task<Round> PackAsync(PgSession session, DateTimeOffset now, Retention retention, Action<IReadOnlyCollection<long>> touched)
    {
        if (await ClaimAsync(session) is not { } claim)
        {
            return Round.Busy;
        }

        var cutoff = claim.PackedUpTo;
        if (!claim.Packing)
        {
            cutoff = Math.Max(cutoff, BlockKey.StartOf(BlockKey.WindowOf(Micros.Of(now - Grace))));
            var late = await session.ExecuteAsync("DELETE FROM late_results") > 0;
            if (cutoff == claim.PackedUpTo && !late)
            {
                return Round.Nothing;
            }
        }

        // A round keeps the boundary it began with: what is written behind it meanwhile is late and noticed as such.
        var packing = new Packing(session, cutoff, Expiry.OldestResult(now, retention), LogBadBlock);
        var (writes, after) = await packing.ReadAsync(claim.Packing ? claim.PackAfter : 0);
        touched(packing.Days);
        await session.ExecuteAsync(
        [
            .. writes,
            new PgStatement("UPDATE upkeep SET packed_up_to = $1, packing = $2, pack_after = $3 WHERE id = 1", cutoff, after is not null, after ?? 0),
            PgStatement.Commit,
        ]);
        return Round.Worked;
    }

    private async Task<bool> ExpireAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        var hour = Micros.Of(now) / RollupTable.HourMicros;
        var (more, packedUpTo) = await PgSession.RunAsync(
            Pool,
            async session =>
            {
                if (await ClaimAsync(session) is not { } claim || (claim.ExpireAfter is null && hour <= claim.ExpiredHour))
                {
                    return (false, (long?)null);
                }

                var next = await Expiry.StepAsync(session, claim.ExpireAfter ?? 0, now, retention);
                await session.ExecuteAsync(
                [
                    new PgStatement("UPDATE upkeep SET expire_after = $1, expired_hour = CASE WHEN $1::bigint IS NULL THEN $2 ELSE expired_hour END WHERE id = 1", next, hour),
                    PgStatement.Commit,
                ]);
                return (next is not null, claim.ExpireAfter is null ? claim.PackedUpTo : null);
            },
            cancellationToken);
        if (packedUpTo is { } packed)
        {
            await DropOldAsync(now, retention, packed, cancellationToken);
        }

        return more;
    }

    /// <summary>Once an hour. A table that is in use just now is dropped an hour later.</summary>
    private async Task DropOldAsync(DateTimeOffset now, Retention retention, long packedUpTo, CancellationToken cancellationToken)
    {
        try
        {
            await PgSession.RunAsync(
                Pool,
                async session =>
                {
                    await Partitions.DropOldAsync(session, Expiry.OldestResult(now, retention), packedUpTo);
                    return true;
                },
                cancellationToken);
        }
        catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
        {
            LogBusyPartition();
        }
    }

    /// <summary>Begins a transaction of one snapshot that holds upkeep's row; null when another silo holds it.</summary>
    private static async Task<Upkeep?> ClaimAsync(PgSession session)
    {
        var rows = await session.RowsAsync(
            [
                PgStatement.BeginSnapshot,
                .. PgStatement.Limits(PgLimits.UpkeepMilliseconds),
                new PgStatement("SELECT packed_up_to, packing, pack_after, expired_hour, expire_after FROM upkeep WHERE id = 1 FOR UPDATE SKIP LOCKED"),
            ],
            row => new Upkeep(row.GetInt64(0), row.GetBoolean(1), row.GetInt64(2), row.GetInt64(3), row.LongOrNull(4)));
        return rows[0] is [var claim] ? claim : null;
    }

    private sealed record Upkeep(long PackedUpTo, bool Packing, long PackAfter, long ExpiredHour, long? ExpireAfter);
}
