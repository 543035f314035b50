using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Cluster;

/// <summary>One plan, played on real silos over a real PostgreSQL with a standby, and what the model says of it afterwards.</summary>
internal sealed class FaultHistory : IDisposable
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Drained = TimeSpan.FromSeconds(2);

    private readonly FaultPlan _plan;
    private readonly ClusterScene _scene;
    private readonly ToldModel _model;
    private readonly List<Task> _repairs = [];
    private readonly ConcurrentDictionary<ClusterSilo, bool> _unfit = [];

    /// <summary>Sites that are being switched off and on: one that fell meanwhile would not be watched.</summary>
    private readonly ConcurrentDictionary<int, bool> _switched = [];
    private readonly Lock _lock = new();
    private readonly List<string> _log = [];
    private readonly SemaphoreSlim _store = new(1);
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(Scene.Token);
    private long? _storeLostAt;
    private (long LostAt, long At)? _storeBack;
    private int _isolated;

    private FaultHistory(FaultPlan plan, ClusterScene scene)
    {
        (_plan, _scene) = (plan, scene);
        _model = new ToldModel(scene);
    }

    public static async Task<FaultOutcome> RunAsync(FaultPlan plan)
    {
        await using var scene = await ClusterScene.StartAsync(new ClusterPlan { Silos = FaultPlan.Silos, Sites = FaultPlan.Sites, Proxied = true, Standby = true });
        using var history = new FaultHistory(plan, scene);
        return await history.PlayAsync();
    }

    public void Dispose()
    {
        _store.Dispose();
        _ending.Dispose();
    }

    private CancellationToken Token => _ending.Token;

    /// <summary>Since when what was told may be written in journals alone: they go in within moments when the store is back, and a silo that is lost before has its own with it.</summary>
    private long? Unwritten
    {
        get
        {
            lock (_lock)
            {
                return _storeLostAt ?? (_storeBack is { } back && Stopwatch.GetElapsedTime(back.At) < Drained ? back.LostAt : null);
            }
        }
    }

    private async Task<FaultOutcome> PlayAsync()
    {
        var broken = new List<string>();
        try
        {
            await PlayStepsAsync();
            await SettleAsync();
        }
        catch (Exception e) when (!Scene.Token.IsCancellationRequested)
        {
            broken.Add($"it broke off: {e.Message}");
        }
        finally
        {
            // A repair that outlives its history would start servers in a folder that is gone.
            await _ending.CancelAsync();
            await Task.WhenAll(_repairs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        try
        {
            broken.AddRange(await _model.BrokenAsync());
        }
        catch (Exception e) when (broken.Count > 0 && !Scene.Token.IsCancellationRequested)
        {
            // Its silos are not in a state to be asked: why, has been said already.
            broken.Add($"nothing more can be said: {e.Message}");
        }

        return new FaultOutcome(_plan, [.. _log], broken, _model.Outages, _model.Repeated, _scene.Log);
    }

    /// <summary>A step that had to wait for its silo puts off all that follow: so the whole plan is played in its order, however slow the machine.</summary>
    private async Task PlayStepsAsync()
    {
        var began = Stopwatch.GetTimestamp();
        var late = 0.0;
        foreach (var step in _plan.Steps)
        {
            await UntilAsync("its time has come", () => Stopwatch.GetElapsedTime(began).TotalSeconds >= step.At + late);
            await BeginAsync(step);
            late = Math.Max(late, Stopwatch.GetElapsedTime(began).TotalSeconds - step.At);
        }

        await Task.WhenAll(_repairs);
    }

    private async Task SettleAsync()
    {
        Note("all faults are mended");
        await _scene.BalancedAsync(FaultPlan.Silos);
        await UntilAsync("all that is down is told", _model.IsAllToldDown);
        _model.Rise([.. Enumerable.Range(0, FaultPlan.Sites)]);
        await UntilAsync("all that is up again is told", _model.IsAllSettled);
        await _scene.VisitedAsync(2);
        await Eventually.TrueAsync("all deliveries are stored as told", async () => await OpenAsync() == 0, Token);
        Note("all has settled");
    }

    /// <summary>Or until a repair has failed.</summary>
    private async Task UntilAsync(string what, Func<bool> look) => await Eventually.TrueAsync(
        what,
        async () =>
        {
            await (_repairs.Find(repair => repair.IsFaulted) ?? Task.CompletedTask);
            return look();
        },
        Token,
        EndPatience);

    private async Task BeginAsync(FaultStep step)
    {
        switch (step.Kind)
        {
            case FaultKind.Fall:
                Do(step, _model.Fall, _model.Settled().Except(_switched.Keys).Take(step.Which));
                break;
            case FaultKind.Rise:
                Do(step, _model.Rise, _model.ToldDown().Take(step.Which));
                break;
            case FaultKind.Edit:
                _repairs.Add(EditAsync(step.Which, new { timeout_seconds = 2 }));
                break;
            case FaultKind.Disable when _model.ToldDown() is [var site, ..]:
                _switched.TryAdd(site, true);
                _model.Rise([site]);
                _repairs.Add(OffAndOnAsync(site));
                break;
            case FaultKind.Disable:
                Note("nothing is down that could be disabled");
                break;
            case FaultKind.StoreDown:
                await _store.WaitAsync(Token);
                Note("the store is stopped");
                StoreIsLost();
                await _scene.Store.StopAsync(Token);
                _repairs.Add(StoreBackAsync(step.Lasts));
                break;
            case FaultKind.Promote:
                await _store.WaitAsync(Token);
                Note("the standby is promoted");
                StoreIsLost();
                _model.Loses();
                _repairs.Add(PromoteAsync());
                break;
            default:
                var silo = _scene[step.Which];
                await UntilAsync($"{silo.Name} is there, and one other", () => silo.IsRunning && !_unfit.ContainsKey(silo) && _unfit.Count < FaultPlan.Silos - 1);
                _unfit.TryAdd(silo, true);
                _repairs.Add(LoseAsync(silo, step));
                break;
        }
    }

    private async Task LoseAsync(ClusterSilo silo, FaultStep step)
    {
        Note($"{silo.Name}: {step.Kind}");
        if (step.Kind != FaultKind.Stop || Unwritten is not null)
        {
            _model.Loses(Unwritten);
        }

        switch (step.Kind)
        {
            case FaultKind.Kill:
                await silo.KillAsync();
                break;
            case FaultKind.Stop:
                await silo.StopAsync();
                break;
            case FaultKind.Freeze:
                silo.Freeze();
                break;
            case FaultKind.Isolate:
                silo.CutOff();
                CutPeers(1);
                break;
            default:
                silo.CutOff();
                break;
        }

        await Eventually.NothingForAsync(TimeSpan.FromSeconds(step.Lasts), Token);
        switch (step.Kind)
        {
            case FaultKind.Freeze:
                silo.Thaw();
                break;
            case FaultKind.Isolate:
                CutPeers(-1);
                silo.Heal();
                break;
            case FaultKind.Cut:
                silo.Heal();
                break;
            default:
                await RestartAsync(silo);
                break;
        }

        Note($"{silo.Name} is back");
        _unfit.TryRemove(silo, out _);
    }

    /// <param name="more">Of those for whose sake no silo reaches another; the last one that is mended mends that.</param>
    private void CutPeers(int more)
    {
        lock (_lock)
        {
            _isolated += more;
            foreach (var way in _scene.Silos.Select(silo => silo.WayOfPeers!))
            {
                if (_isolated > 0)
                {
                    way.Drop();
                }
                else
                {
                    way.Heal();
                }
            }
        }
    }

    /// <summary>Where there is a store, it stays while a silo begins.</summary>
    private async Task RestartAsync(ClusterSilo silo)
    {
        if (!await _store.WaitAsync(TimeSpan.Zero, Token))
        {
            await StartWithoutStoreAsync(silo);
            return;
        }

        try
        {
            await silo.StartAsync();
        }
        finally
        {
            _store.Release();
        }
    }

    /// <summary>It begins from what it has kept; one that had handed all over before it stopped has kept nothing: it ends, and whatever keeps it running starts it again.</summary>
    private async Task StartWithoutStoreAsync(ClusterSilo silo)
    {
        Note($"{silo.Name} is started without the store");
        do
        {
            await silo.LaunchAsync();
            await UntilAsync($"{silo.Name} begins or ends", () => !silo.IsRunning || silo.HasSaid("starting from what was kept") || silo.HasSaid("is ready"));
        }
        while (!silo.IsRunning);
    }

    private async Task StoreBackAsync(double after)
    {
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(after), Token);
        await _scene.Store.StartAgainAsync(Token);
        StoreIsBack();
    }

    private async Task PromoteAsync()
    {
        await _scene.PromoteAsync();
        StoreIsBack();
    }

    private void StoreIsLost()
    {
        lock (_lock)
        {
            _storeLostAt = Stopwatch.GetTimestamp();
        }
    }

    private void StoreIsBack()
    {
        Note("the store is there");
        lock (_lock)
        {
            _storeBack = (_storeLostAt ?? Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
            _storeLostAt = null;
        }

        _store.Release();
    }

    private async Task OffAndOnAsync(int site)
    {
        await EditAsync(site, new { enabled = false });
        await Eventually.TrueAsync("what is no longer watched is told so", () => _model.Settled().Contains(site), Token, EndPatience);
        await EditAsync(site, new { enabled = true });
        _switched.TryRemove(site, out _);
    }

    /// <summary>Through whichever silo answers, as a client behind a balancer does.</summary>
    private async Task EditAsync(int site, object change) => await Eventually.TrueAsync(
        $"the edit of site {site} is taken",
        async () =>
        {
            foreach (var silo in _scene.Running.Where(silo => !_unfit.ContainsKey(silo)).ToArray())
            {
                try
                {
                    using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
                    patience.CancelAfter(TimeSpan.FromSeconds(5));
                    if ((int)(await silo.Api.SendAsync(HttpMethod.Patch, $"/api/v1/targets/{_scene.Target(site)}", change, patience.Token)).Status < 300)
                    {
                        Note($"site {site} is edited");
                        return true;
                    }
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !Token.IsCancellationRequested)
                {
                    // Another one, or later.
                }
            }

            await Eventually.NothingForAsync(TimeSpan.FromSeconds(0.2), Token);
            return false;
        },
        Token,
        EndPatience);

    private async Task<long> OpenAsync() =>
        (await _scene.RowsAsync(row => row.GetInt64(0), "SELECT count(*) FROM deliveries WHERE status IN ('pending', 'sending')"))[0];

    private void Do(FaultStep step, Action<IReadOnlyCollection<int>> what, IEnumerable<int> sites)
    {
        var chosen = sites.ToArray();
        Note($"{step.Kind} of {(chosen.Length > 0 ? string.Join(' ', chosen) : "none")}");
        what(chosen);
    }

    private void Note(string what)
    {
        lock (_lock)
        {
            _log.Add(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_scene.Began).TotalSeconds:0.0} {what}"));
        }
    }
}

/// <param name="Broken">Empty when the model agrees.</param>
/// <param name="Repeated">Copies beyond the first.</param>
/// <param name="SilosSaid">Their logs.</param>
internal sealed record FaultOutcome(FaultPlan Plan, IReadOnlyList<string> Log, IReadOnlyList<string> Broken, int Outages, int Repeated, string SilosSaid);
