using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Monitor.Storage.Secrets;

/// <summary>Encrypts secrets at rest. Each kind has a key of its own, so that one cannot be put in the other's place.</summary>
public sealed class SecretBox(IDataProtectionProvider provider)
{
    private readonly IDataProtector _configs = provider.CreateProtector("Monitor.TargetConfig.v1");
    private readonly IDataProtector _webhooks = provider.CreateProtector("Monitor.WebhookUrl.v1");
    private readonly IDataProtector _installation = provider.CreateProtector("Monitor.Installation.v1");

    public byte[] SealConfig(string config) => _configs.Protect(Encoding.UTF8.GetBytes(config));

    /// <summary>Null when the key ring cannot open it.</summary>
    public string? OpenConfig(byte[] sealedConfig) => Open(_configs, sealedConfig);

    public byte[] SealWebhook(string url) => _webhooks.Protect(Encoding.UTF8.GetBytes(url));

    /// <summary>Null when the key ring cannot open it.</summary>
    public string? OpenWebhook(byte[] sealedUrl) => Open(_webhooks, sealedUrl);

    public byte[] SealInstallation(byte[] secret) => _installation.Protect(secret);

    /// <summary>Null when the key ring cannot open it.</summary>
    public byte[]? OpenInstallation(byte[] sealedSecret) => OpenBytes(_installation, sealedSecret);

    private static string? Open(IDataProtector protector, byte[] secret) =>
        OpenBytes(protector, secret) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static byte[]? OpenBytes(IDataProtector protector, byte[] secret)
    {
        try
        {
            return protector.Unprotect(secret);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
