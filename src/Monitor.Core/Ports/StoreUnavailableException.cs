namespace Monitor.Core.Ports;

/// <summary>
/// The store cannot be used just now: disk full, read only, locked, away. Nothing was confirmed, but it is unknown whether the last commit happened.
/// The message is a line for people, without paths to secrets; callers keep what they have and try again.
/// </summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
