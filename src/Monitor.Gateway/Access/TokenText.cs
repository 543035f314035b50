using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Monitor.Gateway.Access;

/// <summary>Makes tokens and their hashes. A token has 256 random bits, so that a plain hash is enough.</summary>
public static class TokenText
{
    public const string Prefix = "mon_";

    /// <summary>A new random token: <c>mon_</c> and 32 bytes in base64url.</summary>
    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored of a token: SHA-256 of its UTF-8, lower-case hex.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
