namespace Monitor.Storage.Postgres;

/// <param name="ConnectionString">Npgsql's; may name several hosts (the primary is found), may go through a pooler in transaction mode.</param>
/// <param name="MasterKey">32 bytes that wrap the key ring in the store: the same on every silo.</param>
public sealed record PostgresStoreOptions(string ConnectionString, byte[] MasterKey)
{
    /// <summary>Where leases are kept beside a pooler; null: the same as <see cref="ConnectionString"/>.</summary>
    public string? CoordinationConnectionString { get; init; }

    /// <summary>What the server's list of connections shows.</summary>
    public string ApplicationName { get; init; } = "monitor";

    /// <summary>Where the store is, for people: hosts and database, nothing secret.</summary>
    public string Place => PgPool.PlaceOf(ConnectionString);
}
