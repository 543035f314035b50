namespace Monitor.Gateway.Health;

/// <summary>Whether the silo has finished starting: until then <c>/readyz</c> answers 503.</summary>
public sealed class StartupGate
{
    private volatile bool _open;

    public bool IsOpen => _open;

    /// <summary>The store is open, the targets run.</summary>
    public void Open() => _open = true;
}
