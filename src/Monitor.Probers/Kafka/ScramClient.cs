using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Monitor.Probers.Kafka;

/// <summary>
/// The client's side of SCRAM (RFC 5802, 7677): proves the password without sending it, and has the server prove that it knows it, too.
/// Like Kafka's own client it takes names and passwords as they are written (UTF-8, no SASLprep).
/// </summary>
public sealed class ScramClient
{
    /// <summary>Fewer would let a false server guess the password cheaply; Kafka refuses to store fewer, too.</summary>
    private const int LeastIterations = 4096;

    /// <summary>A server that asks for more than Kafka can be set to (16384) would have us burn the processor for it.</summary>
    private const int MostIterations = 65_536;

    private readonly HashAlgorithmName _hash;
    private readonly int _size;
    private readonly string _password;
    private readonly string _nonce;
    private readonly string _firstBare;
    private byte[] _expected = [];

    /// <param name="mechanism"><c>SCRAM-SHA-256</c> or <c>SCRAM-SHA-512</c>.</param>
    /// <param name="nonce">Random, printable, without a comma.</param>
    public ScramClient(string mechanism, string user, string password, string nonce)
    {
        (_hash, _size) = mechanism == "SCRAM-SHA-512" ? (HashAlgorithmName.SHA512, 64) : (HashAlgorithmName.SHA256, 32);
        (_password, _nonce) = (password, nonce);
        _firstBare = $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";
    }

    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    public string First => "n,," + _firstBare;

    /// <summary>The answer to the server's first message, or what is wrong with that.</summary>
    /// <param name="salted">Makes the salted password of salt and iterations; the same for all brokers, and the expensive part.</param>
    public (string? Message, string? Problem) Final(string serverFirst, Func<byte[], int, byte[]> salted)
    {
        var parts = serverFirst.Split(',');
        if (parts is not [['r', '=', .. var nonce], ['s', '=', .. var salt64], ['i', '=', .. var count], ..]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || Decode(salt64) is not { Length: > 0 } salt)
        {
            return (null, "the server's challenge is not one of SCRAM");
        }

        if (!nonce.StartsWith(_nonce, StringComparison.Ordinal) || nonce.Length == _nonce.Length)
        {
            return (null, "the server's nonce does not continue the probe's");
        }

        if (iterations is < LeastIterations or > MostIterations)
        {
            return (null, $"the server asks for {iterations} iterations ({LeastIterations} to {MostIterations} are done)");
        }

        var password = salted(salt, iterations);
        var withoutProof = "c=biws,r=" + nonce;
        var message = Encoding.UTF8.GetBytes($"{_firstBare},{serverFirst},{withoutProof}");
        var clientKey = CryptographicOperations.HmacData(_hash, password, "Client Key"u8.ToArray());
        var proof = CryptographicOperations.HmacData(_hash, CryptographicOperations.HashData(_hash, clientKey), message);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= clientKey[i];
        }

        _expected = CryptographicOperations.HmacData(_hash, CryptographicOperations.HmacData(_hash, password, "Server Key"u8.ToArray()), message);
        return ($"{withoutProof},p={Convert.ToBase64String(proof)}", null);
    }

    /// <summary>Null when the server has shown that it knows the password.</summary>
    public string? Problem(string serverFinal)
    {
        if (serverFinal.StartsWith("e=", StringComparison.Ordinal))
        {
            return "the server refused the proof: " + serverFinal[2..];
        }

        var signature = serverFinal.StartsWith("v=", StringComparison.Ordinal) ? Decode(serverFinal[2..].Split(',')[0]) : null;
        return _expected.Length > 0 && signature is not null && CryptographicOperations.FixedTimeEquals(signature, _expected)
            ? null
            : "the server's signature is wrong: it does not know the password, and may be another one than it claims";
    }

    /// <summary>PBKDF2: milliseconds of processor time.</summary>
    public byte[] Salt(byte[] salt, int iterations) => Rfc2898DeriveBytes.Pbkdf2(_password, salt, iterations, _hash, _size);

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
