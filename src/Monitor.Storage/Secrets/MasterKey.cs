using System.Security.Cryptography;
using System.Text;

namespace Monitor.Storage.Secrets;

/// <summary>Wraps what lies in a shared store and must not be read there: AES-256-GCM with a key derived from the setting <c>Secrets:MasterKey</c>.</summary>
internal sealed class MasterKey : IDisposable
{
    private const byte Form = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly AesGcm _cipher;

    public MasterKey(byte[] key)
    {
        _cipher = new AesGcm(HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, salt: null, info: "Monitor.KeyRing.v1"u8.ToArray()), TagBytes);
    }

    /// <param name="name">Bound to the content, so that one wrapped thing cannot be put in another's place.</param>
    public byte[] Wrap(string name, ReadOnlySpan<byte> content)
    {
        var wrapped = new byte[1 + NonceBytes + TagBytes + content.Length];
        wrapped[0] = Form;
        var nonce = wrapped.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        _cipher.Encrypt(nonce, content, wrapped.AsSpan(1 + NonceBytes + TagBytes), wrapped.AsSpan(1 + NonceBytes, TagBytes), Encoding.UTF8.GetBytes(name));
        return wrapped;
    }

    /// <summary>Null when it was wrapped by another key, under another name, or has been changed.</summary>
    public byte[]? Unwrap(string name, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < 1 + NonceBytes + TagBytes || wrapped[0] != Form)
        {
            return null;
        }

        var content = new byte[wrapped.Length - 1 - NonceBytes - TagBytes];
        try
        {
            _cipher.Decrypt(
                wrapped.Slice(1, NonceBytes), wrapped[(1 + NonceBytes + TagBytes)..], wrapped.Slice(1 + NonceBytes, TagBytes), content, Encoding.UTF8.GetBytes(name));
            return content;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => _cipher.Dispose();
}
