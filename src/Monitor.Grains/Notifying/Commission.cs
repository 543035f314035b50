namespace Monitor.Grains.Notifying;

/// <summary>
/// The right to tell what another silo has decided while the store is away. It is dated from a call of that silo whose answer it has confirmed to have heard, and ends before that silo,
/// having heard nothing more, tells it itself (<see cref="Outbox.Patience"/> after that answer). So a robot's owner that was frozen, or cut off from that silo alone, has no right to what
/// waits in its queue when it comes back, until it has been told what became of it. A silo that is certainly gone tells nothing itself.
/// </summary>
/// <param name="now">Of the clock that leases are counted with.</param>
internal sealed class Commission(Func<TimeSpan> now, Func<bool> isGone)
{
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(1.5);

    /// <summary>Rounds whose answers may still be confirmed.</summary>
    private const int RoundsKept = 64;

    private readonly Dictionary<long, TimeSpan> _asked = [];
    private string? _run;
    private TimeSpan _until = TimeSpan.MinValue;

    public bool Holds => now() < _until || isGone();

    public void Take(BringCall call)
    {
        if (call.Run is null)
        {
            _until = TimeSpan.MaxValue;
            return;
        }

        if (call.Run != _run)
        {
            _asked.Clear();
            _run = call.Run;
        }

        _asked[call.Round] = now();
        _until = _asked.TryGetValue(call.Heard, out var asked) ? asked + Term : TimeSpan.MinValue;
        foreach (var round in _asked.Keys.Where(round => round < call.Round - RoundsKept).ToArray())
        {
            _asked.Remove(round);
        }
    }
}
