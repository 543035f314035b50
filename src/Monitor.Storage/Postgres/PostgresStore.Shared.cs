using Monitor.Core.Ports;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres;

/// <summary>For a silo that starts while the database is away.</summary>
public sealed partial class PostgresStore : ISharedStore
{
    private const string Kept = "reserve";

    /// <summary>A cipher is not for two threads at once.</summary>
    private readonly Lock _sealing = new();
    private readonly Lazy<MasterKey> _master;

    public string Place => _options.Place;

    public void OpenLater(byte[] installationSecret) => _installationSecret = installationSecret;

    public byte[] Seal(ReadOnlySpan<byte> content)
    {
        lock (_sealing)
        {
            return _master.Value.Wrap(Kept, content);
        }
    }

    public byte[]? Unseal(ReadOnlySpan<byte> content)
    {
        lock (_sealing)
        {
            return _master.Value.Unwrap(Kept, content);
        }
    }
}
