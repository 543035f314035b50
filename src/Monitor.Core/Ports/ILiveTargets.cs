namespace Monitor.Core.Ports;

/// <summary>What other silos know of the targets that they run, by asking them: for who looks at a page, and while the store cannot be asked. No port of a silo that is alone.</summary>
public interface ILiveTargets
{
    /// <summary>Of this moment, give or take two seconds, however many ask.</summary>
    Task<LiveElsewhere> ReadAsync(CancellationToken cancellationToken);
}

/// <param name="Targets">By id.</param>
/// <param name="IsWhole">Every silo that is known to live has answered.</param>
public sealed record LiveElsewhere(IReadOnlyDictionary<long, LiveTarget> Targets, bool IsWhole)
{
    public static readonly LiveElsewhere None = new(new Dictionary<long, LiveTarget>(0), IsWhole: true);
}
