namespace Monitor.Core.Ports;

/// <summary>The store refuses to start: corrupt, of a newer version, in use by another process. The message is the one clear line that a person reads.</summary>
public sealed class StoreRefusedException : Exception
{
    public StoreRefusedException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
