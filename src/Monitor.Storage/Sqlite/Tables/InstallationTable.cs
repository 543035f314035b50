using System.Security.Cryptography;
using Monitor.Core.Ports;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>What is made once with the store and stays.</summary>
internal static class InstallationTable
{
    private const int SecretBytes = 32;

    /// <summary>Made at the first call. A ring that cannot open it is not this store's: names derived from the secret would change, and with them the robots' budgets.</summary>
    public static byte[] Secret(SqliteSession session, SecretBox box)
    {
        if (session.First(row => (byte[])row.GetValue(0), "SELECT value FROM installation WHERE name = 'secret'") is { } stored)
        {
            return box.OpenInstallation(stored)
                ?? throw new StoreRefusedException("the key ring beside the store is not the one that the store was made with: restore it from a copy");
        }

        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        session.Execute("INSERT INTO installation (name, value) VALUES ('secret', @1)", box.SealInstallation(secret));
        return secret;
    }
}
