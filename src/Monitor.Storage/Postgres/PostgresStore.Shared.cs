using Monitor.Core.Ports;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres;

/// <summary>For a silo that starts while the database is away.</summary>
public sealed partial class PostgresStore : ISharedStore
{
    private const string Kept = "reserve";

    public string Place => _options.Place;

    public void OpenLater(byte[] installationSecret) => _installationSecret = installationSecret;

    public byte[] Seal(ReadOnlySpan<byte> content)
    {
        using var master = new MasterKey(_options.MasterKey);
        return master.Wrap(Kept, content);
    }

    public byte[]? Unseal(ReadOnlySpan<byte> content)
    {
        using var master = new MasterKey(_options.MasterKey);
        return master.Unwrap(Kept, content);
    }
}
