namespace Monitor.Core.Ports;

/// <summary>What other silos of the cluster ask of this one. The gateway brings their calls here and carries the answers back; it understands neither.</summary>
public interface IPeerDesk
{
    /// <summary>Whether the caller knows the secret that all silos share through the store.</summary>
    bool IsPeer(string key);

    /// <summary>Null: there is no such call, or its body cannot be read.</summary>
    /// <param name="call">Its name, the last part of the address.</param>
    Task<byte[]?> AnswerAsync(string call, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}
