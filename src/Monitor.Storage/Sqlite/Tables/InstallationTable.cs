using System.Security.Cryptography;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>What is made once with the store and stays.</summary>
internal static class InstallationTable
{
    private const int SecretBytes = 32;

    /// <summary>
    /// Made at the first call, and made anew where this key ring cannot open it: then no channel's URL can be opened either, and what is named by the secret
    /// (the robots, with their last minute's sends) means nothing any more.
    /// </summary>
    public static byte[] Secret(SqliteSession session, SecretBox box)
    {
        var stored = session.First(row => row.GetFieldValue<byte[]>(0), "SELECT value FROM installation WHERE name = 'secret'");
        if (stored is not null && box.OpenInstallation(stored) is { } known)
        {
            return known;
        }

        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        session.Execute("INSERT OR REPLACE INTO installation (name, value) VALUES ('secret', @1)", box.SealInstallation(secret));
        return secret;
    }
}
