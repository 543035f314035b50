using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Grains.Probing;
using Monitor.Grains.Runtime;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Shards;
using Monitor.Grains.Targets;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Probing;

namespace Monitor.UnitTests.Grains.Targets;

/// <summary>One silo's targets on a clock that stands still. Target 7 is there from the start; its turns are made by <see cref="TurnAsync(ProbeResult)"/>.</summary>
internal sealed class GrainStage : IDisposable
{
    public const long Id = 7;

    public GrainStage()
    {
        Time = new JumpingTime(Inner);
        Stalls = new StallDetector(Time, NullLogger<StallDetector>.Instance);
        Store.Targets[Id] = Stored(Id);
        (Services, Host) = Open();
    }

    public FakeTime Inner { get; } = new();
    public JumpingTime Time { get; }
    public StallDetector Stalls { get; }
    public FakeStore Store { get; } = new();
    public ScriptedProber Prober { get; } = new();
    public GrainsOptions Options { get; init; } = new() { Language = Language.English };
    public SiloIdentity Silo { get; } = new("one", "default", "http://127.0.0.1", default);
    public GrainServices Services { get; private set; }
    public ShardHost Host { get; private set; }

    public TargetGrain Grain => Host.Find(Id) ?? throw new InvalidOperationException("the target does not run");

    public StoredTarget Stored(long id)
    {
        var settings = new TargetSettings
        {
            Name = "orders",
            Type = "http",
            Config = "{\"url\":1}",
            MaskedConfig = "{}",
            Endpoint = "place",
            ChannelIds = [9],
        };
        var now = Time.GetUtcNow();
        var target = new Target
        {
            Id = id,
            Shard = ShardMap.Of(id),
            Revision = 1,
            Settings = settings,
            CreatedAt = now,
            UpdatedAt = now,
            CreatedBy = "admin",
            UpdatedBy = "admin",
        };
        return new StoredTarget(target, null, 0, default, null, Deleted: false);
    }

    public async Task<GrainStage> StartAsync()
    {
        await Host.RunShardsAsync([.. Enumerable.Range(0, ShardMap.Count).Select(shard => new Fence(shard, 1, 1))], CancellationToken.None);
        return this;
    }

    /// <summary>As after a kill: nothing but what is stored is left.</summary>
    public async Task RestartAsync()
    {
        foreach (var grain in Host.Grains)
        {
            grain.Close();
        }

        Host.Dispose();
        Services.Scheduler.Dispose();
        Services.Workers.Dispose();
        (Services, Host) = Open();
        await StartAsync();
    }

    /// <summary>A due turn that ends with this, and half a minute after it.</summary>
    public Task TurnAsync(ProbeResult result)
    {
        Prober.Answers(result);
        return TurnAsync();
    }

    public async Task TurnAsync()
    {
        var grain = Grain;
        if (grain.TryBegin(Services.Clock.Ticks))
        {
            grain.Execute();
        }

        await grain.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(10), Xunit.TestContext.Current.CancellationToken);
        Inner.Advance(TimeSpan.FromSeconds(30));
    }

    /// <summary>S, W, F, O (own trouble) by schedule, s and f by hand.</summary>
    public async Task PlayAsync(string history)
    {
        foreach (var letter in history)
        {
            Prober.Answers(char.ToUpperInvariant(letter) switch
            {
                'S' => ScriptedProber.Good,
                'W' => ScriptedProber.Warned("disk 91%"),
                'F' => ScriptedProber.Bad(),
                _ => ProbeResult.OwnTrouble("no socket"),
            });
            if (char.IsLower(letter))
            {
                await Grain.ProbeNowAsync();
                await Grain.WhenIdleAsync();
                Inner.Advance(TimeSpan.FromSeconds(30));
            }
            else
            {
                await TurnAsync();
            }
        }
    }

    /// <summary>As the API does it: into the store, then a word to the owner.</summary>
    public async Task EditAsync(Func<TargetSettings, TargetSettings> change)
    {
        Edited(change);
        await Host.TargetChangedAsync(Id, CancellationToken.None);
    }

    public void Edited(Func<TargetSettings, TargetSettings> change)
    {
        var stored = Store.Targets[Id];
        Store.Targets[Id] = stored with
        {
            Target = stored.Target with { Revision = stored.Target.Revision + 1, Settings = change(stored.Target.Settings), UpdatedAt = Time.GetUtcNow() },
        };
    }

    public async Task DeleteAsync()
    {
        Store.Targets[Id] = Store.Targets[Id] with { Deleted = true };
        await Host.TargetChangedAsync(Id, CancellationToken.None);
    }

    public void Dispose()
    {
        Host.Dispose();
        Services.Scheduler.Dispose();
        Services.Workers.Dispose();
        Stalls.Dispose();
    }

    private (GrainServices Services, ShardHost Host) Open()
    {
        var clock = new AnchoredClock(Time);
        var catalog = new ProberCatalog([Prober, new ScriptedProber("tcp")]);
        var services = new GrainServices(
            clock,
            new Scheduler(clock, NullLogger<Scheduler>.Instance),
            catalog,
            new ProberWorkers(catalog, Options, Stalls, Time, NullLogger<ProberWorkers>.Instance),
            new RecordMaker(Options, Silo),
            Store,
            Store,
            Store,
            new PulseWindow(Time),
            NullLogger<TargetGrain>.Instance);
        return (services, new ShardHost(services, Options, NullLogger<ShardHost>.Instance));
    }
}
