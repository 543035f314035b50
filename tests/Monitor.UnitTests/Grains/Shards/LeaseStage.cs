using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards;
using Monitor.Grains.Shards.Leases;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Shards.Leases;
using Monitor.UnitTests.Grains.Targets;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards;

/// <summary>Silos of one cluster on a clock that stands still: the running parts on this thread, the tables in memory.</summary>
internal sealed class LeaseStage : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();

    public FakeTime Time { get; } = new();

    public LeaseTable Table { get; } = new(ShardMap.Count);

    public List<StagedSilo> Silos { get; } = [];

    public StagedSilo Add()
    {
        var silo = new StagedSilo(this, Silos.Count, new MemoryLeaseStore(Table, _gate));
        Silos.Add(silo);
        return silo;
    }

    /// <summary>Lets the time pass, in small steps, until it is so. Nobody may hold what another holds, at any time.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> UntilAsync(Func<bool> so, double seconds = 12)
    {
        var passed = TimeSpan.Zero;
        while (!so())
        {
            Assert.True(passed < TimeSpan.FromSeconds(seconds), $"not within {seconds} s: {Describe()}");
            passed += Pace;
            await PassAsync();
        }

        return passed;
    }

    public async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Pace)
        {
            await PassAsync();
        }
    }

    public bool IsBalanced()
    {
        var live = Silos.Where(silo => silo is { Gone: false, Frozen: false }).ToArray();
        var (low, rest) = Math.DivRem(ShardMap.Count, live.Length);
        return live.All(silo => silo.Host.Shards.Count is var count && count >= low && count <= low + Math.Sign(rest)) && live.Sum(silo => silo.Host.Shards.Count) == ShardMap.Count
            && live.All(silo => silo.Term.Holds);
    }

    public void Dispose()
    {
        foreach (var silo in Silos)
        {
            silo.Dispose();
        }
    }

    private async Task PassAsync()
    {
        Time.Advance(Pace);
        do
        {
            foreach (var silo in Silos.Where(silo => silo is { Gone: false, Frozen: false }))
            {
                while (silo.Keeper.Turn() <= TimeSpan.Zero)
                {
                }
            }

            // Answers of peers come by way of the thread pool.
            await Task.Yield();
        }
        while (Silos.Any(silo => silo is { Gone: false, Frozen: false } && silo.Keeper.State.Asking) && !TestContext.Current.CancellationToken.IsCancellationRequested);

        var held = Silos.Where(silo => silo is { Gone: false, Frozen: false } && silo.Term.Holds).SelectMany(silo => silo.Host.Shards).ToArray();
        if (held.Distinct().Count() != held.Length)
        {
            Assert.Fail($"a shard is held twice: {Describe()}");
        }
    }

    private string Describe() => string.Join("; ", Silos.Select(silo =>
        $"row {silo.Keeper.State.Silo} {silo.Keeper.Standing} {silo.Keeper.State.Reach} holds {silo.Keeper.State.Held.Count} runs {silo.Host.Shards.Count}"));
}

/// <summary>One of them.</summary>
internal sealed class StagedSilo : ILeaseLanes, IPeerCalls, IDisposable
{
    private readonly LeaseStage _stage;

    public StagedSilo(LeaseStage stage, int number, MemoryLeaseStore store)
    {
        (_stage, Store, Number) = (stage, store, number);
        var clock = SteadyClock.Of(stage.Time);
        Term = new LeaseTerm(clock);
        Host = new ShardHost(Grains.Services, Grains.Options, NullLogger<ShardHost>.Instance, Term);
        var silo = new SiloIdentity($"silo {number}", "default", $"http://{number}", default);
        var desk = new LeaseDesk(store, this, silo, LeaseRules.Default, clock, stage.Time, this, NullLogger<LeaseDesk>.Instance);
        Keeper = new LeaseKeeper(
            desk,
            Host,
            Term,
            new LeaseVitals(() => Stalled ? TimeSpan.FromMinutes(1) : TimeSpan.Zero, () => TimeSpan.Zero, () => false),
            clock,
            new EditFollower(store, Host, clock, NullLogger<EditFollower>.Instance),
            LeaseState.New(LeaseRules.Default),
            NullLogger<LeaseKeeper>.Instance,
            Recent = new RecentWrites(stage.Time),
            new LostSeconds(Records, Recent, silo, stage.Time, NullLogger<LostSeconds>.Instance));
        Loop = new LeaseLoop(Keeper, Host, clock, stage.Time, NullLogger<LeaseLoop>.Instance);
    }

    public int Number { get; }
    public MemoryLeaseStore Store { get; }
    public GrainStage Grains { get; } = new();
    public LeaseTerm Term { get; }
    public ShardHost Host { get; }
    public LeaseKeeper Keeper { get; }
    public LeaseLoop Loop { get; }
    public RecentWrites Recent { get; }

    /// <summary>Where it restores what a promoted standby has lost.</summary>
    public Writing.FakeStore Records { get; } = new();
    public bool Stalled { get; set; }

    /// <summary>It does not move, and does not answer.</summary>
    public bool Frozen { get; set; }

    /// <summary>Its process has ended without a word.</summary>
    public bool Gone { get; set; }

    /// <summary>Peers neither reach it nor are reached by it.</summary>
    public bool CutOff { get; set; }

    public void Pulse(Action call) => call();

    public void Work(Action call) => call();

    public async Task<PeerAnswer?> AskAsync(SiloRow peer, CancellationToken cancellationToken)
    {
        var asked = _stage.Silos.Single(silo => $"http://{silo.Number}" == peer.Address);
        return CutOff || asked.CutOff || asked.Frozen ? null : asked.Gone ? PeerAnswer.Absent(peer.Id) : await asked.Keeper.AnswerAsync(peer.Id, cancellationToken);
    }

    public void Dispose()
    {
        Loop.Dispose();
        Host.Dispose();
        Grains.Dispose();
    }
}
