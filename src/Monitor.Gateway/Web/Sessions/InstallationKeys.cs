using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Web.Sessions;

/// <summary>
/// Seals what a browser keeps for us. The keys follow from the installation's secret, which every silo of a cluster has: a page made by one silo
/// is answered by any other.
/// </summary>
internal sealed class InstallationKeys(IStoreLifecycle lifecycle)
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>A key for one purpose only.</summary>
    public byte[] Key(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, lifecycle.InstallationSecret, KeyBytes, info: Encoding.UTF8.GetBytes("monitor web " + purpose));

    /// <summary>Encrypted and signed, in base64url. Sealed twice it reads differently.</summary>
    public string Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Key(purpose), TagBytes);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(NonceBytes + plain.Length));
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>Null for what was not sealed here, or for something else.</summary>
    public byte[]? Open(string purpose, string text)
    {
        if (text.Length > 1 << 20 || !Base64Url.IsValid(text))
        {
            return null;
        }

        var sealedBytes = Base64Url.DecodeFromChars(text);
        if (sealedBytes.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[sealedBytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Key(purpose), TagBytes);
        try
        {
            aes.Decrypt(sealedBytes.AsSpan(0, NonceBytes), sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(NonceBytes + plain.Length), plain);
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
