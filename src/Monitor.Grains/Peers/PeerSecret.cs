using System.Security.Cryptography;
using System.Text;
using Monitor.Core.Ports;

namespace Monitor.Grains.Peers;

/// <summary>What silos prove to each other that they belong to the same store: derived from its secret, which only they can open.</summary>
public sealed class PeerSecret(IStoreLifecycle store)
{
    private readonly Lazy<string> _key = new(() => Convert.ToHexStringLower(HMACSHA256.HashData(store.InstallationSecret, "calls between silos"u8)));

    /// <summary>64 hex digits. Once the store has been open.</summary>
    public string Key => _key.Value;

    public bool Fits(string key) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(Key));
}
