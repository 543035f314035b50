using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Tls;

/// <summary>How TLS is spoken and judged. Absent (null) where a prober speaks in plain.</summary>
public sealed record TlsConfig
{
    public static readonly TlsConfig Default = new();

    public bool Verify { get; init; } = true;

    /// <summary>With <see cref="Verify"/>: also that it is made for this host. Not a field of its own; PostgreSQL's <c>verify-ca</c> leaves it out.</summary>
    public bool VerifyName { get; init; } = true;

    /// <summary>The name that is asked for (SNI) and that the certificate must carry; null: the host.</summary>
    public string? ServerName { get; init; }

    /// <summary>The only roots to trust, as PEM; null: those of the system.</summary>
    public string? CaPem { get; init; }

    public string? ClientCertPem { get; init; }
    public string? ClientKeyPem { get; init; }

    /// <summary>Fewer days left than this is a warning.</summary>
    public int WarnCertDays { get; init; } = 14;

    /// <summary>Fewer days left than this is a failure; 0: an expired one is. Negative: one that expired that long ago still passes.</summary>
    public int MinCertDays { get; init; }

    public static readonly ObjectSchema Schema = new(
        new Field("verify", new BooleanRule())
        {
            Default = "true",
            DirectsSecrets = true,
            Description = new("Check that the certificate is trusted and made for this host.", "检查证书是否受信任且属于该主机。"),
        },
        new Field("server_name", new TextRule(1, 255) { Check = TextChecks.Host, Format = "hostname" })
        {
            DirectsSecrets = true,
            Description = new("Name to ask for and to find in the certificate, if not the host.", "要请求并在证书中核对的名称（若不同于主机）。"),
        },
        new Field("ca_pem", new TextRule(1, 65536, Multiline: true) { Check = CertificatesProblem })
        {
            DirectsSecrets = true,
            Description = new("Certificates (PEM) to trust instead of the system's.", "代替系统根证书的受信任证书（PEM）。"),
        },
        new Field("client_cert_pem", new TextRule(1, 65536, Multiline: true) { Check = CertificatesProblem })
        {
            Description = new("Client certificate (PEM), with its chain.", "客户端证书（PEM，可含证书链）。"),
        },
        new Field("client_key_pem", new TextRule(1, 65536, Multiline: true))
        {
            Secret = true,
            Description = new("Private key (PEM, not encrypted) of the client certificate.", "客户端证书的私钥（PEM，未加密）。"),
        },
        new Field("warn_cert_days", new IntegerRule(-36500, 36500))
        {
            Default = "14",
            Description = new("Warning when the certificate has fewer days left.", "证书剩余天数少于此值即为警告。"),
        },
        new Field("min_cert_days", new IntegerRule(-36500, 36500))
        {
            Default = "0",
            Description = new("Failure when the certificate has fewer days left; 0: when it has expired.", "证书剩余天数少于此值即为失败；0 表示已过期。"),
        });

    /// <param name="defaultOn">https speaks TLS without being told; other types only when told.</param>
    public static Field Field(bool defaultOn = false) => new("tls", new ObjectRule(Schema, OrBoolean: true))
    {
        Default = defaultOn ? null : "false",
        DirectsSecrets = true,
        Description = defaultOn
            ? new("How TLS is judged, for https.", "https 的 TLS 校验方式。")
            : new("Whether to speak TLS, and how it is judged.", "是否使用 TLS 及其校验方式。"),
    };

    /// <summary>Null when <c>tls</c> is false, or absent without <paramref name="defaultOn"/>. The config has passed its schema.</summary>
    public static TlsConfig? Read(ConfigValues config, bool defaultOn = false)
    {
        if (config.Object("tls") is not { } tls)
        {
            return config.Flag("tls") ?? defaultOn ? Default : null;
        }

        return new TlsConfig
        {
            Verify = tls.Flag("verify") ?? true,
            ServerName = tls.Text("server_name"),
            CaPem = tls.Text("ca_pem"),
            ClientCertPem = tls.Text("client_cert_pem"),
            ClientKeyPem = tls.Text("client_key_pem"),
            WarnCertDays = tls.Int("warn_cert_days") ?? 14,
            MinCertDays = tls.Int("min_cert_days") ?? 0,
        };
    }

    /// <summary>What no single field can know: that certificate and key are both there and belong together.</summary>
    public static void Check(JsonElement config, List<FieldError> errors)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("tls", out var tls))
        {
            return;
        }

        var (certificate, key) = (CommonFields.TextOrNull(tls, "client_cert_pem"), CommonFields.TextOrNull(tls, "client_key_pem"));
        if (certificate is null != key is null)
        {
            var missing = certificate is null ? "client_cert_pem" : "client_key_pem";
            errors.Add(FieldError.At($"tls.{missing}", "is required with its other half", "证书与私钥必须同时填写"));
        }
        else if (certificate is not null && key != SecretFields.Mask && CertificatesProblem(certificate) is null && !BelongTogether(certificate, key!))
        {
            errors.Add(FieldError.At("tls.client_key_pem", "is not the unencrypted PEM key of client_cert_pem", "不是 client_cert_pem 的未加密 PEM 私钥"));
        }
    }

    private static bool BelongTogether(string certificate, string key)
    {
        try
        {
            using var both = X509Certificate2.CreateFromPem(certificate, key);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static LocalizedText? CertificatesProblem(string pem)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
            return found.Count > 0 ? null : new LocalizedText("holds no certificate in PEM form", "不含 PEM 格式的证书");
        }
        catch (CryptographicException)
        {
            return new LocalizedText("is not a valid PEM certificate", "不是有效的 PEM 证书");
        }
        finally
        {
            foreach (var certificate in found)
            {
                certificate.Dispose();
            }
        }
    }
}
