using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The database server's clock jumps, as when somebody sets it or its battery is empty. The silos' clocks are right, and nothing is judged by the server's.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class ClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_database_clock_that_jumps_makes_no_check_late_moves_no_shard_and_repeats_no_notice()
    {
        var began = TimeProvider.System.GetUtcNow();
        await using var scene = await ClusterScene.StartAsync(new ClusterPlan { Silos = 3, Sites = 60, StoreClock = true });
        var client = await ClockClient.StartAsync(scene);
        var victim = scene.Silos[2];
        var lost = await scene.SitesOfAsync(victim);
        int[] killed = [.. lost.Take(2)];
        var others = scene.Web.All.Except(lost).ToArray();
        var (early, falling, late) = (others[..2], others[2..5], others[5..7]);
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);

        // One failure or two before the jump, the third, and the alert, after it.
        scene.Web.Fall(falling);
        await FailedAsync(scene, falling, 1);
        await JumpAsync(scene, Hour, "when the clock goes on by an hour", async () =>
        {
            await scene.ToldAsync(falling, resolved: false);
            scene.Web.Rise(falling);
            await scene.ToldAsync(falling, resolved: true);
        });
        await client.IsServedAsync();
        scene.Web.Fall(late);
        await FailedAsync(scene, late, 1);
        await JumpAsync(scene, -2 * Hour, "when the clock goes back by two hours", () => scene.ToldAsync(late, resolved: false));

        await TakeoverAsync(scene, victim, killed, [.. early, .. late]);
        await client.IsServedAsync();

        // Past all that is kept: an hour's key lives for a day, results for a week; a silo looks after them every ten seconds.
        await JumpAsync(scene, TimeSpan.FromDays(40), "when the clock goes on by forty days", () => UpkeepAsync(scene));
        await client.IsServedAsync();
        int[] fallen = [.. early, .. falling, .. late, .. killed];
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        await scene.OneEpisodeEachAsync(fallen, victim);
        Assert.Equal(fallen.Length * 2, Notice.In(scene.Robot.Messages).Count());
        Assert.DoesNotContain(scene.Robot.Messages, message => message.Content.Contains("cut off", StringComparison.Ordinal));
        Assert.All(await scene.StoredFailuresAsync(scene.Web.All.ToArray()), pair => Assert.Equal(0, pair.Value));
        await ResultsAreOfTheirTimeAsync(scene, others, began);
        await StoredTimesAreRightAsync(scene, began);
        ClusterScene.Note(string.Join('\n', scene.Store.Log.Split('\n').Where(line => line.Contains("ERROR", StringComparison.Ordinal) || line.Contains("FATAL", StringComparison.Ordinal))));
    }

    /// <summary>The clock alone moves no shard and delays no check.</summary>
    private static async Task JumpAsync(ClusterScene scene, TimeSpan by, string when, Func<Task> meanwhile)
    {
        var owners = await scene.OwnersAsync();
        var began = ClusterScene.Now;
        await scene.Store.JumpClockAsync(by, Scene.Token);
        await meanwhile();
        await scene.VisitedAsync(3);
        scene.NoneLaterThan(TimeSpan.FromSeconds(1.5), when, began);
        Assert.Equal(owners, await scene.OwnersAsync());
        var ahead = await scene.Store.ClockAheadAsync(Scene.Token);
        ClusterScene.Note(string.Create(CultureInfo.InvariantCulture, $"the server's clock is ahead by {ahead.TotalHours:0.00} h"));
    }

    /// <summary>A silo dies while the server lives an hour in the past, which in that moment goes back by one more, and the silo comes back there.</summary>
    /// <param name="killed">Sites of its own that fall with it.</param>
    /// <param name="told">What must be known as told before.</param>
    private static async Task TakeoverAsync(ClusterScene scene, ClusterSilo victim, int[] killed, int[] told)
    {
        await scene.StoredAsToldAsync(told);
        var began = ClusterScene.Now;
        scene.Web.Fall(killed);
        await victim.KillAsync();
        await scene.Store.JumpClockAsync(-Hour, Scene.Token);
        await scene.BalancedAsync(2);
        await scene.ToldAsync(killed, resolved: false);
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(TimeSpan.FromSeconds(3.5), "after kill -9 under a clock that goes back", began);
        await victim.StartAsync();
        await scene.BalancedAsync(3);
        await scene.VisitedAsync(1);
        Assert.NotEmpty(await scene.SitesOfAsync(victim));
    }

    /// <summary>So many more failed visits of each.</summary>
    private static async Task FailedAsync(ClusterScene scene, int[] sites, int visits) =>
        await Eventually.TrueAsync($"{visits} failed visits", () => sites.All(site => scene.Web.Visits(site).Count(visit => visit.WasDown) >= visits), Scene.Token);

    /// <summary>Two rounds have looked for what is to be forgotten: each locks the row of <c>upkeep</c>, which leaves a trace.</summary>
    private static async Task UpkeepAsync(ClusterScene scene)
    {
        for (var round = 0; round < 2; round++)
        {
            var before = await LastAsync();
            await Eventually.TrueAsync("a round of upkeep", async () => await LastAsync() != before, Scene.Token);
        }

        Task<string?> LastAsync() => scene.Store.ScalarAsync<string>("SELECT ctid::text || ' ' || xmin || ' ' || xmax FROM upkeep", Scene.Token);
    }

    /// <summary>Of every visit there is a result of its very moment, from the first one on.</summary>
    private static async Task ResultsAreOfTheirTimeAsync(ClusterScene scene, IEnumerable<int> sites, DateTimeOffset began)
    {
        var within = TimeSpan.FromSeconds(0.4) + scene.Allowance(scene.Began);
        foreach (var site in sites.Take(20))
        {
            var until = ClusterScene.Now;
            var visits = scene.Web.Visits(site).Where(visit => visit.Timestamp < until).Select(visit => TimeProvider.System.GetUtcNow() - Stopwatch.GetElapsedTime(visit.Timestamp)).ToArray();
            await Eventually.TrueAsync($"the results of site {site} are there", async () =>
            {
                var results = (await scene[0].Api.ResultsAsync(scene.Target(site), Scene.Token)).Select(result => result["checked_at"]!.GetValue<DateTimeOffset>()).ToArray();
                Assert.All(results, at => Assert.InRange(at, began, TimeProvider.System.GetUtcNow()));

                // A probe that ended while its silo stood still is made again.
                return visits.Count(visit => !Array.Exists(results, at => (visit - at).Duration() < within)) <= 1;
            }, Scene.Token, TimeSpan.FromSeconds(15));
        }
    }

    /// <summary>No time that is stored anywhere, and no day that has partitions, is from another clock than the silos'.</summary>
    private static async Task StoredTimesAreRightAsync(ClusterScene scene, DateTimeOffset began)
    {
        var columns = await scene.RowsAsync(
            row => (Table: row.GetString(0), Column: row.GetString(1)),
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type = 'bigint' AND column_name ~ '_at$' AND column_name <> 'expires_at' AND table_name !~ '_[0-9]{8}$'
            """);
        Assert.True(columns.Count >= 12, "the columns of times are called otherwise");
        foreach (var (table, column) in columns)
        {
            var (from, to) = (await scene.RowsAsync(
                row => (row.IsDBNull(0) ? (long?)null : row.GetInt64(0), row.IsDBNull(1) ? (long?)null : row.GetInt64(1)), $"SELECT min({column}), max({column}) FROM {table}"))[0];
            if (from is { } first && to is { } last)
            {
                Assert.True(DateTimeOffset.UnixEpoch.AddMicroseconds(first) >= began.AddSeconds(-1), $"{table}.{column} began before the scene");
                Assert.True(DateTimeOffset.UnixEpoch.AddMicroseconds(last) <= TimeProvider.System.GetUtcNow(), $"{table}.{column} is in the future");
            }
        }

        var days = await scene.RowsAsync(row => row.GetString(0), "SELECT right(relname, 8) FROM pg_class WHERE relkind = 'r' AND relname ~ '^(probe_results|result_blocks)_[0-9]{8}$'");
        var latest = TimeProvider.System.GetUtcNow().AddDays(7).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        Assert.NotEmpty(days);
        Assert.All(days, day => Assert.InRange(string.CompareOrdinal(day, latest), int.MinValue, -1));
    }

    /// <summary>Somebody with a token that ends in half an hour, who repeats one call under its key.</summary>
    private sealed class ClockClient
    {
        private readonly ClusterScene _scene;
        private readonly string _token;
        private readonly long _made;

        private ClockClient(ClusterScene scene, string token, long made)
        {
            _scene = scene;
            _token = token;
            _made = made;
        }

        public static async Task<ClockClient> StartAsync(ClusterScene scene)
        {
            var expires = TimeProvider.System.GetUtcNow().AddMinutes(30);
            var token = await scene[0].Api.PostAsync("/api/v1/tokens", new { name = "clock", role = "editor", expires_at = expires }, Scene.Token);
            using var api = new ApiClient(scene[0].Address, token.Word("token"));
            return new ClockClient(scene, token.Word("token")!, (await MakeAsync(api, scene)).Number("id"));
        }

        /// <summary>By every silo, as before.</summary>
        public async Task IsServedAsync()
        {
            foreach (var silo in _scene.Running)
            {
                using var api = new ApiClient(silo.Address, _token);
                await Eventually.TrueAsync(
                    "the token is known", async () => (await api.SendAsync(HttpMethod.Get, "/api/v1/targets", null, Scene.Token)).Status == HttpStatusCode.OK, Scene.Token, TimeSpan.FromSeconds(5));
                Assert.Equal(_made, (await MakeAsync(api, _scene)).Number("id"));
            }
        }

        private static async Task<JsonNode> MakeAsync(ApiClient api, ClusterScene scene) =>
            (await api.SendAsync(HttpMethod.Post, "/api/v1/targets", new { name = "once", type = "http", enabled = false, config = new { url = scene.Web.Url(0) } }, Scene.Token, key: "once")).Good();
    }
}
