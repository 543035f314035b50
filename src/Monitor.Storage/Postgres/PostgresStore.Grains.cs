using System.Collections.Concurrent;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres.Tables;
using Npgsql;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>The clocks of two silos differ by less.</summary>
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(string Silo, string Zone), int> _origins = new();

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        SnapshotAsync(session => StateTable.LoadAsync(session, Secrets, shards), cancellationToken);

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) =>
        _loads.RunAsync(targetId, cancellationToken);

    public Task<IReadOnlyList<StoredTarget>> LoadNewTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) =>
        ReadAsync(session => StateTable.FindNewAsync(session, Secrets, ids), cancellationToken);

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) =>
        ReadAsync(session => ChannelTable.AllAsync(session, Secrets), cancellationToken);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => ReadAsync(DeliveryTable.OpenAsync, cancellationToken);

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        ReadAsync(session => DeliveryTable.SendsAsync(session, since), cancellationToken);

    public async Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        var results = batch.Results.Count == 0 ? [] : await RowsAsync(batch, cancellationToken);
        var copy = batch.States.Count == 0 && batch.Deliveries.Count == 0;
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (copy)
                {
                    await WriteAsync(session => CopyAsync(session, results), cancellationToken);
                    return [];
                }

                return await WriteAsync(session => WriteAllAsync(session, batch, results), cancellationToken);
            }
            catch (PostgresException e) when (copy && e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Given again, or twice in one batch: the slow way leaves what is there alone.
                copy = false;
            }
            catch (PostgresException e) when (PgFaults.IsMissingPartition(e) && tries < MostTries)
            {
                await MakeDaysAsync([.. results.Select(result => Partitions.DayOf(result.Row.At))], cancellationToken);
            }
        }
    }

    private async Task<bool> CopyAsync(PgSession session, IReadOnlyList<(long Target, StoredResult Row)> results)
    {
        if (results.Count == 0)
        {
            return true;
        }

        session.TimeoutSeconds = PgLimits.CommitSeconds;
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.ResultsMilliseconds)]);
        await ResultTable.CopyAsync(session, results);
        await session.ExecuteAsync([.. NoteLate(results), PgStatement.Commit]);
        return true;
    }

    /// <summary>One round trip for all of it. The results come first: the shards' rows are held for as short as can be.</summary>
    private async Task<IReadOnlyList<StateOutcome>> WriteAllAsync(PgSession session, CommitBatch batch, IReadOnlyList<(long Target, StoredResult Row)> results)
    {
        session.TimeoutSeconds = PgLimits.CommitSeconds;
        var statements = new List<PgStatement> { PgStatement.Begin };
        if (results.Count > 0)
        {
            statements.AddRange(PgStatement.Limits(PgLimits.ResultsMilliseconds));
            statements.Add(ResultTable.Insert(results));
            statements.AddRange(NoteLate(results));
        }

        statements.AddRange(PgStatement.Limits(PgLimits.TransitionMilliseconds));
        var waves = StateCommit.Waves(batch.States);
        var claims = batch.Deliveries.Where(write => write.Fence is not null).ToArray();
        if (waves.Count + claims.Length > 0)
        {
            statements.AddRange(StateCommit.Locks(batch.States, claims));
            if (Fired(batch.States) is { Length: > 0 } fired)
            {
                statements.Add(DeliveryTable.SetAside(fired));
            }

            statements.AddRange(waves.Select(wave => StateCommit.Write([.. wave.Select(index => batch.States[index])])));
        }

        statements.AddRange(DeliveryTable.Writes(batch.Deliveries));
        statements.Add(PgStatement.Commit);
        var answers = await session.RowsAsync(statements, row => Convert.ToInt32(row.GetValue(0), null));
        var outcomes = new StateOutcome[batch.States.Count + batch.Deliveries.Count];
        foreach (var (claim, verdict) in claims.Zip(answers.Skip(answers.Count - claims.Length)))
        {
            outcomes[batch.States.Count + IndexOf(batch.Deliveries, claim)] = verdict[0] == 1 ? StateOutcome.Committed : StateOutcome.FenceLost;
        }

        foreach (var (wave, verdicts) in waves.Zip(answers.Skip(answers.Count - claims.Length - waves.Count)))
        {
            foreach (var (index, verdict) in wave.Zip(verdicts))
            {
                outcomes[index] = verdict switch
                {
                    StateCommit.Written => StateOutcome.Committed,
                    StateCommit.VersionLost => StateOutcome.VersionLost,
                    _ => StateOutcome.FenceLost,
                };
            }
        }

        return outcomes;
    }

    private static AlertRecord[] Fired(IReadOnlyList<StateWrite> states) =>
    [
        .. from state in states
           from alert in state.Alerts
           where state.Deliveries.Any(row => row.Key.Kind == DeliveryKind.Firing && row.Key.Episode == alert.Episode)
           select alert,
    ];

    private static int IndexOf(IReadOnlyList<DeliveryWrite> writes, DeliveryWrite write)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            if (ReferenceEquals(writes[i], write))
            {
                return i;
            }
        }

        return -1;
    }

    private async Task<IReadOnlyList<(long Target, StoredResult Row)>> RowsAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        foreach (var origin in batch.Results.Select(result => (result.Silo, result.Zone)).Distinct().Where(origin => !_origins.ContainsKey(origin)).ToArray())
        {
            _origins[origin] = await WriteAsync(
                async session => (int)(await session.NumberAsync(
                    "INSERT INTO origins (silo, zone) VALUES ($1, $2) ON CONFLICT (silo, zone) DO UPDATE SET silo = excluded.silo RETURNING id", origin.Silo, origin.Zone))!,
                cancellationToken);
        }

        return [.. batch.Results.Select(result => (result.TargetId, StoredResult.Of(result, _origins[(result.Silo, result.Zone)])))];
    }

    /// <summary>Results of minutes that may have been packed already, out of a journal: whoever does the upkeep goes over them again.</summary>
    private PgStatement[] NoteLate(IReadOnlyList<(long Target, StoredResult Row)> results)
    {
        var earliest = results.Min(result => result.Row.At);
        return earliest < BlockKey.StartOf(BlockKey.WindowOf(Micros.Of(_time.GetUtcNow() - Grace + ClocksDiffer)))
            ? [new PgStatement("INSERT INTO late_results (at) VALUES ($1)", earliest)]
            : [];
    }
}
