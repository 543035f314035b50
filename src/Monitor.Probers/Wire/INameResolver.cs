using System.Net;

namespace Monitor.Probers.Wire;

/// <summary>Names to addresses. A port, so that tests can rebind a name between two look-ups.</summary>
public interface INameResolver
{
    /// <summary>The addresses in the system's order; a fault of stage <c>dns</c>, or own trouble.</summary>
    ValueTask<Outcome<IPAddress[]>> ResolveAsync(string name, CancellationToken cancellationToken);
}
