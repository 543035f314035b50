using System.Globalization;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Partitions by day of results and blocks. A new one is made beside its table and then attached, which waits for no reader or writer; one is dropped whole.
/// Every step waits but shortly for its locks, because whoever comes behind it waits as long.
/// </summary>
internal static class Partitions
{
    public const long DayMicros = 86_400 * Micros.PerSecond;

    /// <summary>How many days ahead partitions are made: a database that refuses DDL for a weekend loses no result.</summary>
    public const int DaysAhead = 4;

    private const string Rows = "probe_results";
    private const string Blocks = "result_blocks";
    private const long WindowsPerDay = DayMicros / BlockKey.WindowMicros;
    private const long PartitionLock = 0x4D4F4E49544F5202;
    private static readonly DateOnly Epoch = new(1970, 1, 1);

    public static long DayOf(long micros) => Math.Clamp(micros / DayMicros, 0, BlockKey.Span / WindowsPerDay - 1);

    /// <summary>In one transaction of its own.</summary>
    public static async Task EnsureAsync(PgSession session, IEnumerable<long> days)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. DdlLimits()]);
        await session.NumberAsync("SELECT 1 FROM pg_advisory_xact_lock($1)", PartitionLock);
        foreach (var day in days.Distinct().Order())
        {
            await EnsureAsync(session, Rows, day, day * DayMicros, (day + 1) * DayMicros);
            await EnsureAsync(session, Blocks, day, day * WindowsPerDay, (day + 1) * WindowsPerDay);
        }

        await session.ExecuteAsync([PgStatement.Commit]);
    }

    /// <summary>Drops blocks and rows of days that are older than <paramref name="oldest"/>, and days of rows that were packed long ago. Each in a transaction of its own.</summary>
    /// <param name="oldest">Results from here on are kept.</param>
    /// <param name="packedUpTo">Rows before it have moved into blocks, but for late ones.</param>
    public static async Task DropOldAsync(PgSession session, long oldest, long packedUpTo)
    {
        foreach (var day in await DaysAsync(session, Blocks))
        {
            if ((day + 1) * DayMicros <= oldest)
            {
                await session.ExecuteAsync([PgStatement.Begin, .. DdlLimits(), new PgStatement($"DROP TABLE IF EXISTS {Name(Blocks, day)}"), PgStatement.Commit]);
            }
        }

        foreach (var day in await DaysAsync(session, Rows))
        {
            if ((day + 1) * DayMicros <= Math.Max(oldest, packedUpTo - DayMicros))
            {
                await DropRowsAsync(session, day, whatever: (day + 1) * DayMicros <= oldest);
            }
        }
    }

    /// <summary>The days that have a partition.</summary>
    private static async Task<List<long>> DaysAsync(PgSession session, string table)
    {
        var names = await session.RowsAsync(
            row => row.GetString(0), "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1", table);
        return
        [
            .. names.Select(name => DateOnly.TryParseExact(name.AsSpan(Math.Min(name.Length, table.Length + 1)), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                    ? day.DayNumber - (long)Epoch.DayNumber
                    : -1)
                .Where(day => day >= 0),
        ];
    }

    /// <summary>Rows that came late may still be there: looked at under the lock.</summary>
    private static async Task DropRowsAsync(PgSession session, long day, bool whatever)
    {
        var name = Name(Rows, day);
        await session.ExecuteAsync([PgStatement.Begin, .. DdlLimits(), new PgStatement($"LOCK TABLE ONLY {Rows} IN ACCESS EXCLUSIVE MODE")]);
        var full = !whatever && await session.NumberAsync($"SELECT 1 FROM {name} LIMIT 1") is not null;
        await session.ExecuteAsync(full ? [PgStatement.RollBack] : [new PgStatement($"DROP TABLE IF EXISTS {name}"), PgStatement.Commit]);
    }

    private static async Task EnsureAsync(PgSession session, string table, long day, long from, long to)
    {
        var name = Name(table, day);
        if (await session.NumberAsync("SELECT 1 WHERE to_regclass($1) IS NOT NULL", name) is not null)
        {
            return;
        }

        // Rows come and go within minutes: their space is to be used again at once.
        var settings = table == Rows ? " WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)" : "";
        await session.ExecuteAsync(
        [
            new PgStatement($"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING STORAGE){settings}"),
            new PgStatement(string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})")),
        ]);
    }

    private static IEnumerable<PgStatement> DdlLimits() =>
        [.. PgStatement.Limits(PgLimits.UpkeepMilliseconds), new PgStatement($"SET LOCAL lock_timeout = {PgLimits.DdlLockMilliseconds}")];

    private static string Name(string table, long day) => $"{table}_{Epoch.AddDays((int)day).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
}
