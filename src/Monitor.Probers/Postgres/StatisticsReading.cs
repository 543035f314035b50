using System.Buffers;
using System.Globalization;
using Monitor.Core.Configs.Postgres;
using Monitor.Probers.Wire;
using Npgsql;

namespace Monitor.Probers.Postgres;

/// <summary>Asks for the statistics: all of them in one statement; where that is refused, one by one, and what is refused then becomes a note.</summary>
internal static class StatisticsReading
{
    /// <summary>How long a replica that seems to lag is given to show that it does not.</summary>
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(100);

    private static readonly SearchValues<char> PositionCharacters = SearchValues.Create("0123456789ABCDEF/");

    /// <exception cref="NpgsqlException">The session is over.</exception>
    public static async Task<PostgresStatistics> ReadAsync(PostgresSession session, PostgresConfig config, ProbeRun run)
    {
        var parts = PostgresStatistics.Parts(config.SlowQuerySeconds);
        var found = new PostgresStatistics();
        try
        {
            // Half of what is left: where one of them hangs (the size of a huge database), the others are to be had all the same.
            var row = await session.ReadRowAsync($"SELECT {string.Join(", ", parts.Select(part => part.Sql))}", run.Left / 2);
            for (var i = 0; i < parts.Count; i++)
            {
                found = parts[i].Add(found, row?[i]);
            }
        }
        catch (PostgresException e) when (!EndsSession(e))
        {
            found = await OneByOneAsync(session, parts, config, run);
        }

        return found.Replica is { LagSeconds: > 0, Paused: false, ReceivedAt: not null } behind ? await LookAgainAsync(session, found, behind, run) : found;
    }

    private static async Task<PostgresStatistics> OneByOneAsync(
        PostgresSession session, IReadOnlyList<StatisticPart> parts, PostgresConfig config, ProbeRun run)
    {
        await session.RollBackAsync();
        var found = new PostgresStatistics();
        var notes = new List<string>();
        for (var i = 0; i < parts.Count; i++)
        {
            try
            {
                var row = await session.ReadRowAsync($"SELECT {parts[i].Sql}", run.Left / (parts.Count - i + 1));
                found = parts[i].Add(found, row?[0]);
            }
            catch (PostgresException e) when (!EndsSession(e))
            {
                notes.Add($"not read: {string.Join(", ", parts[i].Metrics)}: {PostgresFaults.Text(e, config.Secrets)}");
                await session.RollBackAsync();
            }
        }

        return found with { Notes = notes };
    }

    /// <summary>
    /// The first commit after a quiet night looks like a night of lag for as long as it takes to replay it. What had been received then and is replayed
    /// now was behind by no more than the time in between.
    /// </summary>
    private static async Task<PostgresStatistics> LookAgainAsync(PostgresSession session, PostgresStatistics found, ReplicaState behind, ProbeRun run)
    {
        if (behind.LagSeconds < SecondLook.TotalSeconds || run.Left < SecondLook * 3)
        {
            return found;
        }

        var asked = run.Elapsed;
        await session.ReadRowAsync($"SELECT pg_sleep({SecondLook.TotalSeconds.ToString(CultureInfo.InvariantCulture)})::text", run.Left / 2);

        // The position is the server's own text; only what can be one goes back into a statement.
        var position = behind.ReceivedAt!;
        if (position.Length > 20 || position.AsSpan().ContainsAnyExcept(PositionCharacters))
        {
            return found;
        }

        var row = await session.ReadRowAsync($"SELECT (pg_last_wal_replay_lsn() >= '{position}'::pg_lsn)::int::text", run.Left / 2);
        var took = (run.Elapsed - asked).TotalSeconds;
        return row is ["1"] && took < behind.LagSeconds ? found with { Replica = behind with { LagSeconds = Math.Round(took, 3) } } : found;
    }

    /// <summary>Errors after which there is nobody left to ask.</summary>
    private static bool EndsSession(PostgresException e) => e.InvariantSeverity is "FATAL" or "PANIC" || e.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown;
}
