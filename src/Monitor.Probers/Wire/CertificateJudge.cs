using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>
/// Writes down during a handshake what the server's certificate is like, and judges it afterwards. Refusing inside the handshake would lose the reason:
/// all that arrives then is "the remote certificate was rejected".
/// </summary>
public sealed class CertificateJudge(TlsConfig config, string name, DateTimeOffset now)
{
    private SslPolicyErrors _errors = SslPolicyErrors.RemoteCertificateNotAvailable;
    private string? _chainProblem;
    private string _names = "";
    private DateTimeOffset _endsAt = DateTimeOffset.MaxValue;

    /// <summary>Days until the first certificate of the chain ends, rounded down to a tenth.</summary>
    public double DaysLeft => Math.Floor((_endsAt - now).TotalDays * 10) / 10;

    /// <summary>The handshake's callback: records, and lets every certificate pass.</summary>
    public bool Record(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _errors = errors;
        if (certificate is not X509Certificate2 leaf)
        {
            return true;
        }

        _endsAt = new DateTimeOffset(leaf.NotAfter.ToUniversalTime());
        _names = Names(leaf);
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            var end = new DateTimeOffset(element.Certificate.NotAfter.ToUniversalTime());
            var isRoot = element.Certificate.SubjectName.RawData.AsSpan().SequenceEqual(element.Certificate.IssuerName.RawData);
            _endsAt = !isRoot && end < _endsAt ? end : _endsAt;
        }

        var problems = chain?.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal);
        _chainProblem = problems is null ? null : string.Join("; ", problems);
        return true;
    }

    /// <summary>What is wrong with the certificate; warnings go to <paramref name="warnings"/>.</summary>
    public WireFault? Verdict(List<string> warnings)
    {
        if (_errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return new WireFault(FailureStage.Tls, "the server sent no certificate");
        }

        var ends = $"certificate ends in {Number(DaysLeft)} days ({_endsAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC)";
        if ((_endsAt - now).TotalDays < config.MinCertDays)
        {
            return new WireFault(FailureStage.Tls, _endsAt < now && config.MinCertDays <= 0 ? $"certificate expired: {ends}" : $"{ends} < min_cert_days {config.MinCertDays}");
        }

        if (config.Verify && config.VerifyName && _errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return new WireFault(FailureStage.Tls, $"certificate is for {_names}, not for {name}");
        }

        if (config.Verify && _errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return new WireFault(FailureStage.Tls, $"certificate is not trusted: {(string.IsNullOrEmpty(_chainProblem) ? "no trusted chain" : _chainProblem)}");
        }

        if ((_endsAt - now).TotalDays < config.WarnCertDays)
        {
            warnings.Add($"{ends} < warn_cert_days {config.WarnCertDays}");
        }

        return null;
    }

    private static string Names(X509Certificate2 leaf)
    {
        var alternatives = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        var names = alternatives is null
            ? [leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false)]
            : alternatives.EnumerateDnsNames().Concat(alternatives.EnumerateIPAddresses().Select(address => address.ToString())).Take(5).ToArray();
        return names.Length == 0 ? "nobody" : string.Join(", ", names);
    }

    private static string Number(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
