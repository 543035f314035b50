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
    public static NpgsqlDataSource Open(string connectionString, string applicationName, int most, int commandSeconds)
    {
        var settings = Parse(connectionString);
        settings.NoResetOnClose = true;
        settings.MaxAutoPrepare = 0;
        settings.Enlist = false;
        settings.Multiplexing = false;
        settings.ApplicationName ??= applicationName;
        settings.IncludeErrorDetail = false;
        settings.LogParameters = false;
        settings.Timeout = Math.Min(settings.Timeout, 3);
        settings.CommandTimeout = commandSeconds;
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, most);
        settings.HostRecheckSeconds = 1;

        // Which host is wanted is not the string's to say: everything here writes.
        settings.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
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
            throw new StoreRefusedException($"the connection string is not valid: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        return settings.Host is null ? throw new StoreRefusedException("the connection string names no Host") : settings;
    }
}
