namespace Monitor.Storage.Postgres;

/// <summary>How long things may take. Each is set inside its transaction, never on a session.</summary>
internal static class PgLimits
{
    /// <summary>A transition holds its shards' rows: whoever stands still with them must not hold up a claim.</summary>
    public const int TransitionMilliseconds = 1_000;

    /// <summary>Results hold nothing that others wait for.</summary>
    public const int ResultsMilliseconds = 5_000;

    public const int EditMilliseconds = 3_000;

    public const int UpkeepMilliseconds = 10_000;

    /// <summary>DDL waits this long for a table, because everybody behind it waits as long; it is tried again later.</summary>
    public const int DdlLockMilliseconds = 250;

    /// <summary>What the client itself waits for an answer before it gives the connection up: where the network is cut, no timeout of the server reaches it.</summary>
    public const int CommandSeconds = 12;

    /// <summary>The same for a commit: the silo's writer waits for it.</summary>
    public const int CommitSeconds = 6;
}
