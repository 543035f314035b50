using System.Diagnostics;
using System.Globalization;
using Monitor.SystemTests.Harness;

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
    private readonly List<(long From, long To)> _windows = [];

    public int Outages => _outages.Sum();

    /// <summary>Copies beyond the first, once <see cref="Broken"/> has counted them.</summary>
    public int Repeated { get; private set; }

    /// <summary>Up, and the recovery of the last outage is told.</summary>
    public IReadOnlyList<int> Settled() => [.. Sites.Where(site => !_down[site] && Told(site, resolved: true) >= _outages[site])];

    /// <summary>Down, and told so.</summary>
    public IReadOnlyList<int> ToldDown() => [.. Sites.Where(site => _down[site] && Told(site, resolved: false) >= _outages[site])];

    public bool IsAllToldDown() => Sites.All(site => !_down[site] || Told(site, resolved: false) >= _outages[site]);

    public bool IsAllSettled() => Settled().Count == FaultPlan.Sites;

    public void Fall(IReadOnlyCollection<int> sites)
    {
        foreach (var site in sites)
        {
            _down[site] = true;
            _outages[site]++;
        }

        scene.Web.Fall(sites);
    }

    public void Rise(IReadOnlyCollection<int> sites)
    {
        foreach (var site in sites)
        {
            _down[site] = false;
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
        foreach (var stall in scene.Stalls(TimeSpan.FromSeconds(0.6)))
        {
            // Leases lapse when the machine stands still.
            _windows.Add((stall - Ticks(Before) - Ticks(TimeSpan.FromSeconds(2)), stall + Ticks(After)));
        }

        var broken = new List<string>();
        foreach (var site in Sites)
        {
            var alerts = await scene.Running.First().Api.AlertsAsync(scene.Target(site), Scene.Token);
            if (alerts.Count != _outages[site] || alerts.Any(alert => Monitor.Tests.Shared.JsonFields.Word(alert, "status") != "resolved"))
            {
                broken.Add(Invariant($"site {site}: {_outages[site]} outages, but records {string.Join(' ', alerts.Select(alert => $"{alert["episode"]}:{alert["status"]}"))}"));
            }

            var notices = scene.Notices(site);
            var references = notices.Select(notice => notice.Episode).Distinct().ToArray();
            if (references.Length != _outages[site])
            {
                broken.Add(Invariant($"site {site}: {_outages[site]} outages, but told {Story(notices)}"));
                continue;
            }

            foreach (var episode in references)
            {
                broken.AddRange(Broken(site, [.. notices.Where(notice => notice.Episode == episode)]));
            }
        }

        return broken;
    }

    private IEnumerable<string> Broken(int site, IReadOnlyList<Notice> notices)
    {
        if (notices[0].Resolved || notices.All(notice => !notice.Resolved))
        {
            yield return Invariant($"site {site}: lost or out of order: {Story(notices)}");
        }

        foreach (var copies in notices.GroupBy(notice => notice.Resolved).Select(copies => copies.ToArray()))
        {
            for (var i = 1; i < copies.Length; i++)
            {
                Repeated++;
                if (!_windows.Any(window => copies[i - 1].Timestamp >= window.From && copies[i - 1].Timestamp <= window.To))
                {
                    yield return Invariant($"site {site}: told again although nothing was lost: {Story(notices)}");
                }
            }
        }
    }

    private static IEnumerable<int> Sites => Enumerable.Range(0, FaultPlan.Sites);

    /// <summary>Of how many episodes.</summary>
    private int Told(int site, bool resolved) => scene.Notices(site).Where(notice => notice.Resolved == resolved).Select(notice => notice.Episode).Distinct().Count();

    private string Story(IEnumerable<Notice> notices) => string.Join(
        ' ', notices.Select(notice => Invariant($"{(notice.Resolved ? 'R' : 'F')}{notice.Episode}@{Stopwatch.GetElapsedTime(scene.Began, notice.Timestamp).TotalSeconds:0.0}")));

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
