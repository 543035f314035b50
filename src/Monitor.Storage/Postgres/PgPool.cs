using Monitor.Core.Ports;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>
/// Connections without any state of their own, so that a pooler in transaction mode may sit between: nothing prepared, nothing reset. Of several hosts
/// the primary is taken, and looked for anew every second.
/// </summary>
internal static class PgPool
{
    /// <exception cref="StoreRefusedException">Not a connection string.</exception>
    public static NpgsqlDataSource Open(string connectionString, string applicationName, int most, int commandSeconds, int connectSeconds = 6)
    {
        var settings = Parse(connectionString);
        settings.NoResetOnClose = true;
        settings.MaxAutoPrepare = 0;
        settings.Enlist = false;
        settings.Multiplexing = false;
        settings.ApplicationName ??= applicationName;
        settings.IncludeErrorDetail = false;
        settings.LogParameters = false;
        settings.Timeout = Math.Min(settings.Timeout, connectSeconds);
        settings.CommandTimeout = commandSeconds;
        settings.CancellationTimeout = -1;
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, most);
        settings.HostRecheckSeconds = 1;

        // Which host is wanted is not the string's to say: everything here writes.
        settings.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);

        // Only types that every server has are used: asking for all others costs each new pool hundreds of rows, just when the server is busy with coming back.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return settings.Host!.Contains(',', StringComparison.Ordinal)
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : builder.Build();
    }

    public static string PlaceOf(string connectionString)
    {
        var settings = Parse(connectionString);
        return $"{settings.Host}/{settings.Database ?? settings.Username}";
    }

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException e)
        {
            // What Npgsql says may quote a part of the password.
            throw new StoreRefusedException("the connection string is not valid: keywords are Npgsql's (Host, Port, Database, Username, Password, …), values with ; or = go in quotes", e);
        }

        return settings.Host is null ? throw new StoreRefusedException("the connection string names no Host") : settings;
    }
}
