using System.Net;

namespace Monitor.Probers.Wire;

/// <summary>A connection, and which of the addresses it goes to.</summary>
/// <param name="at">When it was there, as a timestamp of the clock.</param>
public sealed class Reached<T>(T link, IPEndPoint place, long at) : IDisposable
    where T : class, IDisposable
{
    public T Link { get; } = link;

    public IPEndPoint Place { get; } = place;

    public long At { get; } = at;

    public void Dispose() => Link.Dispose();
}
