using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Monitor.Core.Ports;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres;

/// <summary>The key ring and the installation's secret, which lie in the store. Read and made inside the migration's transaction: silos that start together agree.</summary>
internal static class PgKeys
{
    private const int SecretBytes = 32;

    /// <exception cref="StoreRefusedException">The master key is not the one that the ring was wrapped with.</exception>
    public static async Task<SecretBox> OpenAsync(PgSession session, byte[] masterKey, DateTimeOffset now)
    {
        using var master = new MasterKey(masterKey);
        var stored = await session.RowsAsync(row => (Name: row.GetString(0), Wrapped: row.GetFieldValue<byte[]>(1)), "SELECT name, wrapped FROM key_ring ORDER BY name");
        if (stored.Count == 0)
        {
            var key = HeldKeyRing.MakeKey(now);
            var name = (string?)key.Attribute("id") ?? "1";
            await session.ExecuteAsync(
                "INSERT INTO key_ring (name, wrapped) VALUES ($1, $2)", name, master.Wrap(name, Encoding.UTF8.GetBytes(key.ToString(SaveOptions.DisableFormatting))));
            return HeldKeyRing.Open([key]);
        }

        var keys = new List<XElement>();
        foreach (var (name, wrapped) in stored)
        {
            var content = master.Unwrap(name, wrapped)
                ?? throw new StoreRefusedException("Secrets:MasterKey is not the one that the key ring in the database was made with: every silo must be given the same");
            keys.Add(XElement.Parse(Encoding.UTF8.GetString(content)));
        }

        return HeldKeyRing.Open(keys);
    }

    /// <summary>
    /// Made at the first call. One that the ring cannot open is no case for a new one here: other silos may be running on it.
    /// </summary>
    public static async Task<byte[]> InstallationSecretAsync(PgSession session, SecretBox box)
    {
        var stored = await session.FirstAsync(row => row.GetFieldValue<byte[]>(0), "SELECT value FROM installation WHERE name = 'secret'");
        if (stored is not null)
        {
            return box.OpenInstallation(stored)
                ?? throw new StoreRefusedException("the key ring in the database cannot open the installation's secret: the database has been restored in parts");
        }

        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        await session.ExecuteAsync("INSERT INTO installation (name, value) VALUES ('secret', $1)", box.SealInstallation(secret));
        return secret;
    }
}
