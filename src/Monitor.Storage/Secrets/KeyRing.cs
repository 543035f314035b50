using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace Monitor.Storage.Secrets;

/// <summary>A key ring in a folder, readable by its owner only.</summary>
internal static class KeyRing
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens the ring, or makes it with its first key.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="CryptographicException">The ring cannot be read.</exception>
    public static SecretBox Open(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, FolderMode);
            File.SetUnixFileMode(folder, FolderMode);
        }

        var provider = new ServiceCollection()
            .AddDataProtection()
            .SetApplicationName("Monitor")
            .PersistKeysToFileSystem(new DirectoryInfo(folder))
            .Services.Configure<KeyManagementOptions>(options => options.XmlEncryptor = null)
            .BuildServiceProvider()
            .GetRequiredService<IDataProtectionProvider>();
        var box = new SecretBox(provider);
        if (box.OpenConfig(box.SealConfig("{}")) is null)
        {
            throw new CryptographicException("the key ring cannot open what it has sealed");
        }

        Restrict(folder);
        return box;
    }

    private static void Restrict(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder))
        {
            File.SetUnixFileMode(file, FileMode);
        }
    }
}
