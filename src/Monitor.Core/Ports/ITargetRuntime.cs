using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Core.Ports;

/// <summary>The running targets, as the gateway sees them. Any silo answers; a call reaches the owner.</summary>
public interface ITargetRuntime
{
    /// <summary>What the owner knows of the target just now; null when it does not run here.</summary>
    LiveTarget? Live(long targetId);

    /// <summary>Runs it now and stores the result as manual. Null when there is no such running target (disabled or unknown).</summary>
    Task<CheckRecord?> ProbeNowAsync(long targetId, CancellationToken cancellationToken);

    /// <summary>Runs a config once; stores nothing.</summary>
    Task<CheckRecord> DryRunAsync(IProber prober, object config, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>The target was created, edited or deleted: its owner takes that up. Returns when the owner here has.</summary>
    Task TargetChangedAsync(long targetId, CancellationToken cancellationToken);

    /// <summary>The target was made a moment ago, as it is given: its owner, if that is here, runs it without reading it.</summary>
    Task TargetCreatedAsync(Target target, CancellationToken cancellationToken) => TargetChangedAsync(target.Id, cancellationToken);

    Task ChannelChangedAsync(long channelId, CancellationToken cancellationToken);

    /// <summary>Enabled targets that have not been probed for two intervals: the monitor's own silence, made visible.</summary>
    IReadOnlyList<long> Unprobed();

    /// <summary>The ids of all that runs here.</summary>
    IReadOnlyList<long> Here();

    RuntimeFigures Figures();
}

/// <summary>What is newer in memory than in the store.</summary>
/// <param name="Unprobed">Not probed for two intervals.</param>
/// <param name="Past">Of one that runs in another silo: the last hour, as that one saw it.</param>
public sealed record LiveTarget(HealthState State, CheckRecord? LastResult, bool Unprobed, PastHour? Past = null);

/// <summary>How a target was of late.</summary>
/// <param name="LastSlot">Two minutes each, counted from year 1 UTC.</param>
/// <param name="Marks">One digit a slot, oldest first, the last one's last: 0 nothing known, 1 ok, 2 with warnings, 3 failed.</param>
public sealed record PastHour(long LastSlot, string Marks);

/// <summary>The last hour of what runs here, for other silos whose pages show it.</summary>
public interface IRecentPast
{
    /// <summary>Null when nothing is known of it.</summary>
    PastHour? Hour(long targetId);
}

public sealed record RuntimeFigures(int Targets, int Shards, double ProbesPerSecond, double ScheduleLagP99Milliseconds);

/// <summary>Sends one test message through the robot's own queue and budget.</summary>
public interface IChannelTester
{
    Task<ChannelTest> TestAsync(long channelId, CancellationToken cancellationToken);
}

/// <param name="RetryAfter">Set when the robot's budget is used up: nothing was sent.</param>
/// <param name="Answer">What the other side said, as it said it, cut to 1 KiB and without the key.</param>
public sealed record ChannelTest(bool Sent, int? HttpStatus, int? ErrCode, string? ErrMsg, string? Answer, TimeSpan? RetryAfter);

/// <summary>Who this process is.</summary>
public sealed record SiloIdentity(string Name, string Zone, string Address, DateTimeOffset StartedAt);

/// <summary>Why the service is not at its best: read by <c>/readyz</c>, the page and the log.</summary>
public interface ICondition
{
    /// <summary>Lines for people; empty when all is well.</summary>
    IReadOnlyList<LocalizedText> Reasons();
}
