using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>A steady load on silos that share one PostgreSQL on the same machine: processor time of each for one check, and what one stored result takes.</summary>
internal static class ClusterLoadBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var silos = options.Number("silos", 2);
        var targets = options.Number("targets", 10_000);
        var interval = options.Number("interval", 5);
        var window = TimeSpan.FromSeconds(options.Number("seconds", 60));
        var report = new Report($"cluster-load: {silos} silos, {targets} http targets every {interval} s, {window.TotalSeconds:0} s measured");
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        await load.AddTargetsAsync(targets, interval, number => FormattableString.Invariant($"{nginx.Url}t/{number}"), cancellationToken);
        await load.ProbedAsync(targets, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(options.Number("warmup", 60)), cancellationToken);

        var (silo, store) = (load.SiloCpu(), load.StoreCpu());
        var (rows, wal) = (await RowsAsync(load, cancellationToken), await WalAsync(load, cancellationToken));
        var ok = await load.SumAsync("monitor_probes_total", cancellationToken, "outcome=\"ok\"");
        var commits = await load.SumAsync("monitor_store_commit_seconds_count", cancellationToken);
        var began = Stopwatch.GetTimestamp();
        await Eventually.NothingForAsync(window, cancellationToken);
        (silo, store) = (load.SiloCpu() - silo, load.StoreCpu() - store);
        ok = await load.SumAsync("monitor_probes_total", cancellationToken, "outcome=\"ok\"") - ok;
        commits = await load.SumAsync("monitor_store_commit_seconds_count", cancellationToken) - commits;
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (rowsNow, walNow) = (await RowsAsync(load, cancellationToken), await WalAsync(load, cancellationToken));

        report.Add("checks a second, ok (asked)", $"{ok / seconds:0} ({targets / (double)interval:0})");
        report.Add("processor time for a check: silo, PostgreSQL, us", $"{silo / ok * 1e6:0}, {store / ok * 1e6:0}");
        report.Add("commits a second and silo", $"{commits / seconds / silos:0.0}");
        report.Add("results stored a second", $"{(rowsNow - rows) / seconds:0}");
        report.Add("bytes of WAL for a result", $"{(walNow - wal) / (double)(rowsNow - rows):0}");
        report.Add("bytes for a result as a row with the metrics of an http check, index included", $"{await BytesAsync(load, "probe_results", cancellationToken) / (double)rowsNow:0}");
        report.Add("bytes for a plain result as a row, index included", $"{await PlainAsync(load, cancellationToken):0}", "100");
        if (options.Has("packed"))
        {
            await PackedAsync(load, targets, report, cancellationToken);
        }

        report.Print();
    }

    /// <summary>Waits until two times ten minutes of every target have been packed: up to an hour.</summary>
    private static async Task PackedAsync(ClusterLoad load, int targets, Report report, CancellationToken cancellationToken)
    {
        await Eventually.TrueAsync(
            "results are packed", async () => await load.Store.ScalarAsync<long>("SELECT count(*) FROM result_blocks", cancellationToken) >= 2 * targets, cancellationToken, TimeSpan.FromHours(1));
        var made = await load.SumAsync("monitor_probes_total", cancellationToken);
        var packed = made - await RowsAsync(load, cancellationToken);
        report.Add("bytes for a packed result, index included", $"{await BytesAsync(load, "result_blocks", cancellationToken) / packed:0.0} ({packed:0} results)", "100");
    }

    /// <summary>The same results without what is beside them, in the order in which they came, under the same key.</summary>
    private static async Task<double> PlainAsync(ClusterLoad load, CancellationToken cancellationToken)
    {
        await load.Store.ExecuteAsync("CREATE TABLE plain_results (LIKE probe_results INCLUDING ALL)", cancellationToken);
        await load.Store.ExecuteAsync(
            """
            INSERT INTO plain_results (target_id, checked_at, latency_us, origin, flags, message)
            SELECT target_id, checked_at, latency_us, origin, flags, message FROM probe_results ORDER BY checked_at
            """,
            cancellationToken);
        return await load.Store.ScalarAsync<long>("SELECT pg_total_relation_size('plain_results')", cancellationToken)
            / (double)await load.Store.ScalarAsync<long>("SELECT count(*) FROM plain_results", cancellationToken);
    }

    /// <summary>Of all partitions, indexes included.</summary>
    private static Task<long> BytesAsync(ClusterLoad load, string table, CancellationToken cancellationToken) => load.Store.ScalarAsync<long>(
        $"SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits WHERE inhparent = '{table}'::regclass", cancellationToken);

    private static Task<long> RowsAsync(ClusterLoad load, CancellationToken cancellationToken) => load.Store.ScalarAsync<long>("SELECT count(*) FROM probe_results", cancellationToken);

    private static Task<long> WalAsync(ClusterLoad load, CancellationToken cancellationToken) =>
        load.Store.ScalarAsync<long>("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint", cancellationToken);
}
