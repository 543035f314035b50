using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Monitor.Core.Health;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>
/// Several silos over one PostgreSQL, a robot that all notices go to, and web sites to watch. All that a scenario asserts is seen from outside:
/// in the sites' visits, the robot's messages, the API's answers and the database.
/// </summary>
internal sealed partial class ClusterScene : IAsyncDisposable
{
    private readonly List<ClusterSilo> _silos = [];
    private readonly StallWatch _machine = new();
    private readonly ClusterPlan _plan;

    /// <summary>By site.</summary>
    private long[] _targets = [];

    private ClusterScene(PostgresServer store, WeComStandIn robot, WebTargets web, ClusterPlan plan)
    {
        Store = store;
        Robot = robot;
        Web = web;
        _plan = plan;
    }

    /// <summary>The primary.</summary>
    public PostgresServer Store { get; private set; }

    /// <summary>Of the primary, where the plan has one.</summary>
    public PostgresServer? Standby { get; private set; }

    public WeComStandIn Robot { get; }

    public WebTargets Web { get; }

    public IReadOnlyList<ClusterSilo> Silos => _silos;

    public IEnumerable<ClusterSilo> Running => _silos.Where(silo => silo.IsRunning);

    public ClusterSilo this[int number] => _silos[number];

    /// <summary>A cluster at rest: so many silos share the shards, every site is watched once a second (or as the plan says), and has been visited.</summary>
    /// <param name="proxied">Each silo has a way of its own to the store, which can be cut.</param>
    public static Task<ClusterScene> StartAsync(int silos, int sites, bool proxied = false) =>
        StartAsync(new ClusterPlan { Silos = silos, Sites = sites, Proxied = proxied });

    /// <summary>The same.</summary>
    public static async Task<ClusterScene> StartAsync(ClusterPlan plan)
    {
        Requires.Postgres();
        if (plan.StoreClock)
        {
            Requires.ServersClock();
        }

        var store = await PostgresServer.StartAsync(Scene.Token, new PostgresOptions { Authentication = "trust", OwnClock = plan.StoreClock, Settings = plan.StoreSettings });
        var scene = new ClusterScene(store, await WeComStandIn.StartAsync(cancellationToken: Scene.Token), await WebTargets.StartAsync(plan.Sites, Scene.Token), plan);
        try
        {
            scene.Standby = plan.Standby ? await store.StandbyAsync(Scene.Token) : null;
            await Task.WhenAll(Enumerable.Range(0, plan.Silos).Select(_ => scene.JoinAsync()));
            await scene.BalancedAsync(plan.Silos);
            await scene[0].Api.AddChannelAsync(scene.Robot.Url(Scene.RobotKey), Scene.Token);
            scene._targets = new long[plan.Sites];
            await Parallel.ForEachAsync(scene.Web.All, new ParallelOptions { MaxDegreeOfParallelism = plan.Sites < 1000 ? 8 : 24, CancellationToken = Scene.Token }, async (site, token) =>
                scene._targets[site] = await scene[site % plan.Silos].Api.AddTargetAsync(scene.Watch(site), token));
            await Eventually.TrueAsync(
                "each site is visited", () => scene.Web.All.All(site => scene.Web.Visits(site).Count >= (plan.Interval == 1 ? 2 : 1)), Scene.Token, TimeSpan.FromSeconds(60));
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>What watches a site; the third failure makes an alert.</summary>
    public object Watch(int site) => new
    {
        name = string.Create(CultureInfo.InvariantCulture, $"site {site}"),
        type = "http",
        config = new { url = Web.Url(site) },
        interval_seconds = _plan.Interval,
        timeout_seconds = 3,
        failure_threshold = 3,
    };

    public long Target(int site) => _targets[site];

    /// <summary>Sites of the shards that this silo has at this moment.</summary>
    public async Task<IReadOnlyList<int>> SitesOfAsync(ClusterSilo silo)
    {
        var shards = (await RowsAsync(row => row.GetInt32(0), "SELECT shard FROM shards JOIN silos ON silos.id = owner WHERE name = $1 AND NOT dead", silo.Name)).ToHashSet();
        return [.. Web.All.Where(site => shards.Contains(ShardMap.Of(Target(site))))];
    }

    /// <summary>One more silo, ready.</summary>
    public async Task<ClusterSilo> JoinAsync()
    {
        ClusterSilo silo;
        lock (_silos)
        {
            silo = new ClusterSilo(string.Create(CultureInfo.InvariantCulture, $"silo-{_silos.Count + 1}"), Servers(), _plan);
            _silos.Add(silo);
        }

        await silo.StartAsync();
        return silo;
    }

    /// <summary>The primary is killed; its standby takes over with what it has got until then.</summary>
    public async Task PromoteAsync()
    {
        var old = Store;
        await old.KillAsync(Scene.Token);
        Store = Standby!;
        Standby = null;
        await Store.PromoteAsync(Scene.Token);
        await old.DisposeAsync();
    }

    /// <summary>Every silo that runs (but those left out) says the same: so many share all shards, none with more than one above another.</summary>
    public async Task BalancedAsync(int silos, params ClusterSilo[] without) =>
        await Eventually.TrueAsync($"{silos} silos share the shards", async () =>
        {
            foreach (var asked in Running.Except(without))
            {
                var seen = await asked.ClusterAsync();
                var shares = seen["silos"]!.AsArray().Select(silo => silo!.Number("shards")).ToArray();
                if (shares.Length != silos || seen.Number("unowned") != 0 || shares.Sum() != ShardMap.Count || shares.Max() - shares.Min() > 1)
                {
                    return false;
                }
            }

            return true;
        }, Scene.Token);

    /// <summary>Every site has been visited so many times more.</summary>
    public async Task VisitedAsync(int times, TimeSpan? patience = null)
    {
        var wanted = Web.All.Select(site => Web.Visits(site).Count + times).ToArray();
        await Eventually.TrueAsync($"{times} more visits of each site", () => Web.All.All(site => Web.Visits(site).Count >= wanted[site]), Scene.Token, patience);
    }

    /// <summary>The rights to shards as they are stored: shard, silo, epoch.</summary>
    public Task<IReadOnlyList<(int Shard, string Silo, long Epoch)>> OwnersAsync() => RowsAsync(
        row => (row.GetInt32(0), row.GetString(1), row.GetInt64(2)), "SELECT shard, name, epoch FROM shards JOIN silos ON silos.id = owner ORDER BY shard");

    /// <summary>The name of the silo that sends to the robot: found by a test message, which is counted under the robot's name.</summary>
    public async Task<string> RobotsOwnerAsync()
    {
        var channel = (await this[0].Api.GetAsync("/api/v1/channels", Scene.Token))["items"]![0]!.Number("id");
        await this[0].Api.PostAsync($"/api/v1/channels/{channel}/test", null, Scene.Token);
        var robot = await Eventually.GetAsync(
            "the message is counted", async () => await RowsAsync(row => row.GetString(0), "SELECT robot FROM sends") is [var first, ..] ? first : null, Scene.Token);
        return (await OwnersAsync())[RobotScope.ShardOf(robot)].Silo;
    }

    /// <summary>The failure counter in the database.</summary>
    public async Task<IReadOnlyDictionary<int, int>> StoredFailuresAsync(IReadOnlyCollection<int> sites)
    {
        var rows = await RowsAsync(
            row => (row.GetInt64(0), row.GetString(1)), "SELECT target_id, state FROM target_states WHERE target_id = ANY($1)", sites.Select(Target).ToArray());
        var byTarget = rows.ToDictionary(row => row.Item1, row => HealthStateCodec.Decode(row.Item2).ConsecutiveFailures);
        return sites.ToDictionary(site => site, site => byTarget.GetValueOrDefault(Target(site)));
    }

    public async Task<IReadOnlyList<T>> RowsAsync<T>(Func<NpgsqlDataReader, T> read, string sql, params object[] values)
    {
        await using var connection = await Store.OpenAsync(Scene.Token);
#pragma warning disable CA2100 // the test's own text
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(Scene.Token);
        var rows = new List<T>();
        while (await reader.ReadAsync(Scene.Token))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public IReadOnlyList<Notice> Notices(int site) => [.. Notice.In(Robot.Messages).Where(notice => notice.Target == Target(site))];

    /// <summary>The firing (or the recovery) of every one of these sites has arrived.</summary>
    public async Task ToldAsync(IReadOnlyCollection<int> sites, bool resolved, TimeSpan? patience = null) =>
        await Eventually.TrueAsync(
            $"{(resolved ? "recoveries" : "firings")} of {sites.Count} sites are told", () =>
            {
                var told = Notice.In(Robot.Messages).Where(notice => notice.Resolved == resolved).Select(notice => notice.Target).ToHashSet();
                return sites.All(site => told.Contains(Target(site)));
            },
            Scene.Token,
            patience);

    /// <summary>Whoever has posted a message has heard what became of it: who stands still before that posts it again.</summary>
    public async Task HeardAsync() =>
        await Eventually.TrueAsync("the robot's answers are heard", async () =>
        {
            var heard = 0.0;
            foreach (var silo in Running)
            {
                heard += (await silo.Api.MetricsAsync(Scene.Token)).Sum("monitor_posts_total");
            }

            return heard >= Robot.Messages.Count;
        }, Scene.Token);

    /// <summary>Within so long of the decision: of the third failed visit; of a recovery, of the first visit that was well.</summary>
    public async Task ToldWithinAsync(IReadOnlyCollection<int> sites, bool resolved, TimeSpan within)
    {
        var began = Now;
        await ToldAsync(sites, resolved, TimeSpan.FromSeconds(12));
        foreach (var site in sites)
        {
            var visits = Web.Visits(site);
            var decided = resolved ? visits.Last(visit => visit.WasDown) : visits.Where(visit => visit.WasDown).ElementAt(2);
            var at = resolved ? visits.First(visit => visit.Timestamp > decided.Timestamp).Timestamp : decided.Timestamp;
            var took = Stopwatch.GetElapsedTime(at, Notices(site).First(notice => notice.Resolved == resolved).Timestamp);
            Note(string.Create(CultureInfo.InvariantCulture, $"the {(resolved ? "recovery" : "firing")} of site {site} was told {took.TotalSeconds:0.00} s after its decision"));
            Assert.InRange(took, TimeSpan.Zero, within + Allowance(began));
        }
    }

    /// <summary>And is stored as told: until then, whoever takes over from a silo that was killed cannot know.</summary>
    public async Task StoredAsToldAsync(IReadOnlyCollection<int> sites) =>
        await Eventually.TrueAsync(
            $"{sites.Count} firings are stored as sent",
            async () => (await RowsAsync(
                row => row.GetInt64(0),
                "SELECT target_id FROM deliveries WHERE target_id = ANY($1) AND kind = 0 AND status = 'sent'",
                sites.Select(Target).ToArray())).Count == sites.Count,
            Scene.Token);

    /// <summary>Each of these sites had one outage: one record, complete, and one notice of each kind; and no other site was spoken of.</summary>
    public async Task OneEpisodeEachAsync(IReadOnlyCollection<int> sites, ClusterSilo via)
    {
        foreach (var site in sites)
        {
            var alert = await Eventually.GetAsync($"the alert of site {site} is complete", async () =>
            {
                var alerts = await via.Api.AlertsAsync(Target(site), Scene.Token);
                return alerts.Count == 1 && alerts[0].Word("status") == "resolved" && alerts[0]["deliveries"]!.AsArray().All(one => one!.Word("status") == "sent") ? alerts[0] : null;
            }, Scene.Token);
            Assert.Equal(2, alert["deliveries"]!.AsArray().Count);
            Assert.Equal(["firing", "resolved"], Notices(site).Select(notice => notice.Resolved ? "resolved" : "firing"));
        }

        var spoken = Notice.In(Robot.Messages).Select(notice => notice.Target).Distinct();
        Assert.Equal(sites.Select(Target).Order(), spoken.Order());
    }

    /// <summary>A figure for whoever reads the test's output.</summary>
    public static void Note(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);

    /// <summary>
    /// No site has waited longer for its check than this after it was due; but for what this machine makes each of the three processes wait that a check
    /// passes through after a takeover (the store, the new owner, the site).
    /// </summary>
    /// <param name="but">Sites with another interval.</param>
    public void NoneLaterThan(TimeSpan bound, string when, long since, IReadOnlyCollection<int>? but = null)
    {
        var sites = Web.All.Except(but ?? []).ToArray();
        var waits = Web.Waits(sites, since);
        var (longest, site) = Web.LongestWait(sites, since);
        var (stall, due) = (_machine.Longest(since), _plan.Interval);
        Note(string.Create(
            CultureInfo.InvariantCulture,
            $"lateness {when}: p50 {waits[waits.Count / 2].TotalSeconds - due:0.00} s, p99 {waits[waits.Count * 99 / 100].TotalSeconds - due:0.00} s, max {longest.TotalSeconds - due:0.00} s (site {site}); the machine stalled for {stall.TotalSeconds:0.00} s"));
        Assert.InRange(longest - TimeSpan.FromSeconds(due), TimeSpan.MinValue, bound + (3 * stall));
    }

    /// <summary>
    /// Checks that two silos have made: visits beyond those that sites have which are visited once a second. Counted over two and a half seconds, in which that is at most three times.
    /// </summary>
    public int Twice(long since)
    {
        const int most = 3;
        var until = since + (long)(2.5 * Stopwatch.Frequency);
        var twice = Web.All.Sum(site => Math.Max(0, Web.Visits(site).Count(visit => visit.Timestamp >= since && visit.Timestamp < until) - most));
        Note(string.Create(CultureInfo.InvariantCulture, $"{twice} checks were made twice"));
        return twice;
    }

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>What a bound on times has to allow for: the machine's longest stall since then, for each of three processes that one thing passes through.</summary>
    public TimeSpan Allowance(long since) => 3 * _machine.Longest(since);

    /// <summary>The longest standstill that a silo has told of in its log since then. For tests that stop none: elsewhere it is what they have done.</summary>
    public TimeSpan StoodStill(long since)
    {
        var from = TimeProvider.System.GetUtcNow() - Stopwatch.GetElapsedTime(since);
        var told = StandstillLine().Matches(Log)
            .Where(line => DateTimeOffset.Parse(line.Groups["at"].Value, CultureInfo.InvariantCulture) >= from)
            .Select(line => TimeSpan.FromSeconds(double.Parse(line.Groups["seconds"].Value, CultureInfo.InvariantCulture)))
            .DefaultIfEmpty()
            .Max();
        if (told > TimeSpan.Zero)
        {
            Note(string.Create(CultureInfo.InvariantCulture, $"a silo stood still for {told.TotalSeconds:0.0} s"));
        }

        return told;
    }

    /// <summary>When the scene was set.</summary>
    public long Began { get; } = Stopwatch.GetTimestamp();

    /// <summary>What all silos have said.</summary>
    public string Log => string.Join('\n', _silos.Select(silo => silo.Output));

    /// <summary>When this machine stood still for longer than a lease can do without.</summary>
    public IReadOnlyList<(long From, long To)> Stalls(TimeSpan longerThan) => _machine.Stalls(longerThan);

    [GeneratedRegex(@"^(?<at>\S+Z) warn: \S*StallDetector\S* This process stood still for (?<seconds>[\d.]+) s", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex StandstillLine();

    private IReadOnlyList<PostgresServer> Servers() => Standby is null ? [Store] : [Store, Standby];

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            Note(silo.Output);
        }

        await Task.WhenAll(_silos.Select(silo => silo.DisposeAsync().AsTask()));
        _machine.Dispose();
        await Web.DisposeAsync();
        await Robot.DisposeAsync();
        await Task.WhenAll(Servers().Select(server => server.DisposeAsync().AsTask()));
    }
}
