using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>TLS over a connection, with the certificate judged and the phase measured.</summary>
public static class TlsHandshake
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>
    /// The connection inside TLS, or a fault of stage <c>tls</c>. Owns <paramref name="plain"/> from here on: it is closed with the TLS stream, or by a fault.
    /// Cancellation flows as <see cref="OperationCanceledException"/>.
    /// </summary>
    /// <param name="host">What the certificate must be for, unless the config names another.</param>
    /// <param name="protocols">Offered by ALPN, best first; empty: none.</param>
    public static async ValueTask<Outcome<SslStream>> RunAsync(
        ProbeRun run, Stream plain, string host, TlsConfig config, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellationToken)
    {
        run.WaitingFor = "the TLS handshake";
        var name = config.ServerName ?? host;
        var now = run.Time.GetUtcNow();
        var judge = new CertificateJudge(config, name, now);
        var started = run.Time.GetTimestamp();
        var secured = new SslStream(plain, leaveInnerStreamOpen: false);
        using var material = TlsMaterial.From(config);
        try
        {
            await secured.AuthenticateAsClientAsync(Options(name, now, judge, material, protocols), cancellationToken);
            run.Tls = (run.Tls ?? TimeSpan.Zero) + run.Time.GetElapsedTime(started);
            run.TlsFacts = new TlsFacts(TlsFacts.VersionText(secured.SslProtocol), judge.DaysLeft);
            if (judge.Verdict(run.Warnings) is not { } fault)
            {
                return secured;
            }

            await secured.DisposeAsync();
            return fault;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or CryptographicException or InvalidOperationException)
        {
            await secured.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return Fault(e);
        }
        catch (OperationCanceledException)
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(
        string name, DateTimeOffset now, CertificateJudge judge, TlsMaterial material, IReadOnlyList<SslApplicationProtocol> protocols) =>
        new()
        {
            TargetHost = name,
            ApplicationProtocols = protocols.Count > 0 ? [.. protocols] : null,

            // A resumed session would show no certificate.
            AllowTlsResume = false,
            CertificateChainPolicy = ChainPolicy(now, material),
            ClientCertificateContext = material.ClientContext,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => judge.Record(certificate, chain, errors),
        };

    private static X509ChainPolicy ChainPolicy(DateTimeOffset now, TlsMaterial material)
    {
        // Fetching revocation lists and missing issuers would connect to wherever the server's certificate says, past the outbound rules.
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.LocalDateTime,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (material.Roots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(material.Roots);
        }

        return policy;
    }

    private static WireFault Fault(Exception e)
    {
        var reason = (e.InnerException ?? e).Message;
        if (reason.Contains("frame size", StringComparison.Ordinal) || reason.Contains("corrupted frame", StringComparison.Ordinal)
            || reason.Contains("wrong version number", StringComparison.OrdinalIgnoreCase))
        {
            return new WireFault(FailureStage.Tls, "the server did not answer with TLS: it seems to speak plain text on this port");
        }

        if (e is IOException && reason.Contains("EOF", StringComparison.Ordinal))
        {
            return new WireFault(FailureStage.Tls, "the server closed the connection during the handshake");
        }

        return new WireFault(FailureStage.Tls, $"handshake failed: {OneLine(reason)}");
    }

    private static string OneLine(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 200 ? line : line[..200];
    }
}

/// <summary>Certificates and keys of a config, for the length of one handshake.</summary>
internal sealed class TlsMaterial : IDisposable
{
    private static readonly TlsMaterial None = new();

    private X509Certificate2? _client;

    public X509Certificate2Collection? Roots { get; private init; }
    public SslStreamCertificateContext? ClientContext { get; private init; }

    public static TlsMaterial From(TlsConfig config)
    {
        if (config.CaPem is null && config.ClientCertPem is null)
        {
            return None;
        }

        var client = config.ClientCertPem is { } pem ? X509Certificate2.CreateFromPem(pem, config.ClientKeyPem) : null;
        return new TlsMaterial
        {
            _client = client,
            Roots = config.CaPem is { } roots ? Import(roots) : null,
            ClientContext = client is null ? null : SslStreamCertificateContext.Create(client, Import(config.ClientCertPem!), offline: true),
        };
    }

    public void Dispose()
    {
        _client?.Dispose();
        foreach (var root in Roots ?? [])
        {
            root.Dispose();
        }
    }

    private static X509Certificate2Collection Import(string pem)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        return all;
    }
}
