using System.Globalization;

namespace Monitor.Probers.Postgres;

/// <summary>What a server says of itself. Null where its user may not read it or the server does not have it.</summary>
internal sealed record PostgresStatistics
{
    /// <summary>Differs from what the login said: a pooler stands in between.</summary>
    public int? ProcessId { get; init; }

    public bool? IsReplica { get; init; }
    public string? Version { get; init; }

    /// <summary>Client connections, this one included.</summary>
    public long? TotalConnections { get; init; }

    public long? ActiveConnections { get; init; }
    public long? SlowQueries { get; init; }
    public long? MaxConnections { get; init; }

    /// <summary>Those of <see cref="MaxConnections"/> that everybody may have.</summary>
    public long? UsableConnections { get; init; }

    /// <summary>False: sessions of other users are hidden.</summary>
    public bool SeesAllSessions { get; init; } = true;

    public long? DatabaseSizeBytes { get; init; }
    public string? DatabaseSize { get; init; }
    public ReplicaState? Replica { get; init; }

    /// <summary>What could not be read, and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    private const NumberStyles Number = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Each is one text, so that all of them are one row of one statement, and each can be asked for alone where that one is refused.</summary>
    public static IReadOnlyList<StatisticPart> Parts(double slowQuerySeconds) =>
    [
        new(["is_replica", "version"], Identity, (known, text) => known.WithIdentity(text)),
        new(["total_connections", "active_connections", "slow_queries"], Sessions(slowQuerySeconds), (known, text) => known.WithSessions(text)),
        new(["database_size_bytes"], Size, (known, text) => known.WithSize(text)),
        new(["replication_lag_seconds"], Lag, (known, text) => text is null ? known : known with { Replica = ReplicaState.Read(text) }),
    ];

    private const string Identity = "concat_ws(' ', pg_backend_pid(), pg_is_in_recovery()::int, current_setting('server_version'))";

    private const string Size = "concat_ws(' ', pg_database_size(current_database()), pg_size_pretty(pg_database_size(current_database())))";

    /// <summary>
    /// Received and replayed equal is no lag, however long ago the primary last wrote. The second field is where replay must get to for that.
    /// Of the receiver, users without rights see only that it runs.
    /// </summary>
    private const string Lag = """
        CASE WHEN pg_is_in_recovery() THEN concat_ws(' ',
          CASE WHEN pg_last_wal_receive_lsn() IS NULL THEN '?' WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN '=' ELSE '<' END,
          coalesce(pg_last_wal_receive_lsn()::text, '-'),
          coalesce(greatest(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::numeric(20, 3)::text, '-'),
          coalesce((SELECT coalesce(status, 'hidden') FROM pg_stat_wal_receiver LIMIT 1), 'none'),
          pg_is_wal_replay_paused()::int) END
        """;

    /// <summary>
    /// Of sessions of other users, one without pg_read_all_stats sees neither the kind nor the state, silently; that they are sessions of a user in a
    /// database it does see. Walsenders take no client's slot.
    /// </summary>
    private static string Sessions(double slowQuerySeconds) => $"""
        (SELECT concat_ws(' ',
          count(*) FILTER (WHERE backend_type = 'client backend' OR (backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL)),
          count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()),
          count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()
            AND clock_timestamp() - query_start > {slowQuerySeconds.ToString("0.###", CultureInfo.InvariantCulture)} * interval '1 second'),
          current_setting('max_connections')::int,
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
          coalesce((SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = 'pg_read_all_stats'), false)::int)
        FROM pg_stat_activity)
        """;

    private PostgresStatistics WithIdentity(string? text) =>
        text?.Split(' ', 3) is [var process, var replica, var version]
            ? this with { ProcessId = (int?)Whole(process), IsReplica = replica == "1", Version = version.Length <= 100 ? version : version[..100] }
            : this;

    private PostgresStatistics WithSessions(string? text)
    {
        if (text?.Split(' ') is not [var total, var active, var slow, var max, var usable, var sees])
        {
            return this;
        }

        var seesAll = sees == "1";
        return this with
        {
            TotalConnections = Whole(total),
            ActiveConnections = seesAll ? Whole(active) : null,
            SlowQueries = seesAll ? Whole(slow) : null,
            MaxConnections = Whole(max),
            UsableConnections = Whole(usable),
            SeesAllSessions = seesAll,
        };
    }

    private PostgresStatistics WithSize(string? text) =>
        text?.Split(' ', 2) is [var bytes, var words] ? this with { DatabaseSizeBytes = Whole(bytes), DatabaseSize = words.Length <= 40 ? words : null } : this;

    private static long? Whole(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    internal static double? Fraction(string text) => double.TryParse(text, Number, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>One of the statistics.</summary>
/// <param name="Metrics">What is missing without it.</param>
/// <param name="Sql">An expression of type text.</param>
internal sealed record StatisticPart(IReadOnlyList<string> Metrics, string Sql, Func<PostgresStatistics, string?, PostgresStatistics> Add);

/// <summary>How far behind a replica is.</summary>
/// <param name="ReceivedAt">Where the received WAL ends; null: nothing was received by streaming since it started.</param>
/// <param name="LagSeconds">0 when everything received is replayed; else the age of the last replayed commit, which on a primary that is seldom written to is more than the lag; null: cannot be told.</param>
/// <param name="Receiver">The WAL receiver's state: <c>streaming</c>; <c>hidden</c> where it runs and its state is not shown; <c>none</c>.</param>
internal sealed record ReplicaState(string? ReceivedAt, double? LagSeconds, string Receiver, bool Paused)
{
    public bool IsStreaming => Receiver is "streaming" or "hidden";

    public static ReplicaState? Read(string text) =>
        text.Split(' ') is [var mark, var received, var age, var receiver, var paused]
            ? new ReplicaState(
                received == "-" ? null : received,
                mark switch { "=" => 0, "<" => PostgresStatistics.Fraction(age), _ => null },
                receiver.Length <= 40 ? receiver : "unknown",
                paused == "1")
            : null;
}
