using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Cluster;

/// <summary>
/// What should have been told: each site is up or down, and an outage lasts until its firing has arrived, a recovery until it has arrived. So whatever happens meanwhile, so many outages
/// are so many episodes. A second copy of a notice is permitted only where the first one came about when a silo was lost or the store changed: what was on its way then may
/// arrive twice.
/// </summary>
internal sealed class ToldModel(ClusterScene scene)
{
    /// <summary>From a POST to its mark in the store, and what a silo that is cut off may still do within its lease.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(4);

    private readonly int[] _outages = new int[FaultPlan.Sites];
    private readonly bool[] _down = new bool[FaultPlan.Sites];

    /// <summary>When the last one of each began, and was over.</summary>
    private readonly long[] _fell = new long[FaultPlan.Sites];
    private readonly long[] _rose = new long[FaultPlan.Sites];
    private readonly List<(long From, long To)> _windows = [];

    public int Outages => _outages.Sum();

    /// <summary>Copies beyond the first, once <see cref="Broken"/> has counted them.</summary>
    public int Repeated { get; private set; }

    /// <summary>Up, and the recovery of the last outage is told.</summary>
    public IReadOnlyList<int> Settled() => [.. Sites.Where(site => !_down[site] && (_outages[site] == 0 || IsTold(site, resolved: true)))];

    /// <summary>Down, and told so.</summary>
    public IReadOnlyList<int> ToldDown() => [.. Sites.Where(site => _down[site] && IsTold(site, resolved: false))];

    public bool IsAllToldDown() => ToldDown().Count == _down.Count(down => down);

    public bool IsAllSettled() => Settled().Count == FaultPlan.Sites;

    public void Fall(IReadOnlyCollection<int> sites)
    {
        foreach (var site in sites)
        {
            _down[site] = true;
            _outages[site]++;
            _fell[site] = Stopwatch.GetTimestamp();
        }

        scene.Web.Fall(sites);
    }

    public void Rise(IReadOnlyCollection<int> sites)
    {
        foreach (var site in sites.Where(site => _down[site]))
        {
            _down[site] = false;
            _rose[site] = Stopwatch.GetTimestamp();
        }

        scene.Web.Rise(sites);
    }

    /// <summary>Something is lost now.</summary>
    /// <param name="since">What was written from then on may be lost with it; null: of the last moments.</param>
    public void Loses(long? since = null)
    {
        lock (_windows)
        {
            var now = Stopwatch.GetTimestamp();
            _windows.Add(((since ?? now) - Ticks(Before), now + Ticks(After)));
        }
    }

    /// <summary>Empty when all is as it should be. To be asked when everything has settled.</summary>
    public async Task<IReadOnlyList<string>> BrokenAsync()
    {
        foreach (var (from, to) in scene.Stalls(TimeSpan.FromSeconds(0.6)))
        {
            // Leases lapse when the machine stands still.
            _windows.Add((from - Ticks(Before), to + Ticks(After)));
        }

        var broken = new List<string>();
        foreach (var site in Sites)
        {
            var alerts = await scene.Running.First().Api.AlertsAsync(scene.Target(site), Scene.Token);
            if (alerts.Count != _outages[site] || alerts.Any(alert => alert.Word("status") != "resolved"))
            {
                broken.Add(Invariant($"site {site}: {_outages[site]} outages, but records {string.Join(' ', alerts.Select(alert => $"{alert["episode"]}:{alert["status"]}"))}"));
            }

            var others = await NumbersBesideAsync(site);
            var notices = scene.Notices(site);
            var told = notices.GroupBy(notice => notice.Episode).ToDictionary(notice => notice.Key, group => group.ToArray());
            foreach (var record in alerts.Select(Number).Concat(others).GroupBy(number => number))
            {
                broken.AddRange(Broken(site, told.GetValueOrDefault(record.Key) ?? [], record.Count()));
            }

            foreach (var number in others)
            {
                Repeated += 2;
                if (told.GetValueOrDefault(number) is { } copies && !copies.Any(IsExplained))
                {
                    broken.Add(Invariant($"site {site}: told under another number although nothing was lost: {Story(notices)}"));
                }
            }

            if (told.Keys.Except(alerts.Select(Number)).Except(others).Any())
            {
                broken.Add(Invariant($"site {site}: {_outages[site]} outages, but told {Story(notices)}"));
            }
        }

        return broken;
    }

    /// <summary>Under which an outage that has its record was told besides, by a silo that was cut off and counted on from what its new owner knew nothing of: not in any list, and told to its end.</summary>
    private async Task<IReadOnlyList<int>> NumbersBesideAsync(int site) => await scene.RowsAsync(
        row => row.GetInt32(0), Invariant($"SELECT coalesce(told_as, episode) FROM alert_records WHERE target_id = {scene.Target(site)} AND same_as IS NOT NULL"));

    /// <summary>What its messages carried.</summary>
    private static int Number(JsonNode alert) => (int)(alert["told_as"] is { } told ? told.GetValue<long>() : alert.Number("episode"));

    /// <param name="outages">That were told under this number: more than one, where who took over did not know of the first.</param>
    private IEnumerable<string> Broken(int site, Notice[] notices, int outages)
    {
        var kinds = notices.GroupBy(notice => notice.Resolved).ToDictionary(copies => copies.Key, copies => copies.ToArray());
        if (notices.Length == 0 || notices[0].Resolved || kinds.Count < 2 || kinds.Values.Any(copies => copies.Length < outages))
        {
            yield return Invariant($"site {site}: lost or out of order: {outages} outages, but told {Story(notices)}");
        }

        foreach (var copies in kinds.Values.Where(copies => copies.Length > outages))
        {
            Repeated += copies.Length - outages;
            var explained = copies.SkipLast(1).Count(IsExplained);
            if (explained < copies.Length - outages)
            {
                yield return Invariant($"site {site}: told again although nothing was lost: {Story(notices)}");
            }
        }
    }

    private static IEnumerable<int> Sites => Enumerable.Range(0, FaultPlan.Sites);

    /// <summary>Of how many outages, of this last one too, and to the end of each number: an outage may have been told under two.</summary>
    private bool IsTold(int site, bool resolved)
    {
        var notices = scene.Notices(site);
        return Times(notices, resolved) >= _outages[site]
            && notices.Any(notice => notice.Resolved == resolved && notice.Timestamp >= (resolved ? _rose : _fell)[site])
            && (!resolved || notices.GroupBy(notice => notice.Episode).All(one => one.Any(notice => notice.Resolved)));
    }

    /// <summary>The second outage of a number begins with a firing after a recovery.</summary>
    private static int Times(IReadOnlyCollection<Notice> notices, bool resolved) => notices.GroupBy(notice => notice.Episode).Sum(one =>
    {
        var kinds = one.Select(notice => notice.Resolved).ToArray();
        return kinds.Where((kind, i) => kind == resolved && (i == 0 ? !resolved : kinds[i - 1] != resolved)).Count();
    });

    private bool IsExplained(Notice copy) => _windows.Any(window => copy.Timestamp >= window.From && copy.Timestamp <= window.To);

    private string Story(IEnumerable<Notice> notices) => string.Join(
        ' ', notices.Select(notice => Invariant($"{(notice.Resolved ? 'R' : 'F')}{notice.Episode}@{Stopwatch.GetElapsedTime(scene.Began, notice.Timestamp).TotalSeconds:0.0}")));

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
