using Monitor.Core.Text;

namespace Monitor.Core.Ports;

/// <summary>
/// The store cannot be used just now: disk full, read only, locked, away. Nothing was confirmed, but it is unknown whether the last commit happened.
/// <see cref="Line"/> is for people, without paths to secrets; callers keep what they have and try again.
/// </summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException(LocalizedText line, Exception? inner = null)
        : base(line.English, inner) => Line = line;

    public LocalizedText Line { get; }
}
