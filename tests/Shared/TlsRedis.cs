using System.Globalization;

namespace Monitor.Tests.Shared;

/// <summary>A real server that speaks TLS only.</summary>
internal static class TlsRedis
{
    public static async Task<RedisServer> StartAsync(TestCertificates certificates, TempDir folder, CancellationToken cancellationToken, params string[] more)
    {
        using var certificate = certificates.Server();
        await File.WriteAllTextAsync(folder.File("ca.pem"), certificates.AuthorityPem, cancellationToken);
        await File.WriteAllTextAsync(folder.File("server.pem"), certificate.ExportCertificatePem(), cancellationToken);
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!;
        await File.WriteAllTextAsync(folder.File("server.key"), key.ExportPkcs8PrivateKeyPem(), cancellationToken);
        var port = FreePort.Next();
        return await RedisServer.StartAsync(
            [
                "--port", "0", "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-auth-clients", "no",
                "--tls-cert-file", folder.File("server.pem"), "--tls-key-file", folder.File("server.key"), "--tls-ca-cert-file", folder.File("ca.pem"), .. more,
            ],
            cancellationToken,
            ["--tls", "--cacert", folder.File("ca.pem")],
            port);
    }
}
