using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Postgres;

/// <summary>What <c>postgresql</c> is told. Limits that are null are not checked.</summary>
public sealed partial record PostgresConfig
{
    private const int NoLimitOfDays = -36_500;

    public required string Host { get; init; }
    public int Port { get; init; } = 5432;
    public IpFamily IpFamily { get; init; }
    public string Username { get; init; } = "postgres";

    /// <summary>Null: the server must not ask for one.</summary>
    public string? Password { get; init; }

    public string Database { get; init; } = "postgres";

    /// <summary>Null: TLS is not asked for.</summary>
    public TlsConfig? Tls { get; init; }

    /// <summary>A server that does not offer TLS is spoken to in plain.</summary>
    public bool PlainIsFine { get; init; }

    /// <summary>More active connections warn.</summary>
    public int MaxConnectionsThreshold { get; init; } = 100;

    public double WarnConnectionUsagePercent { get; init; } = 90;
    public double WarnReplicationLagSeconds { get; init; } = 60;

    /// <summary>A query that runs for longer counts as slow.</summary>
    public double SlowQuerySeconds { get; init; } = 30;

    public int WarnSlowQueries { get; init; } = 5;

    /// <summary>True: must be a replica; false: a primary.</summary>
    public bool? ExpectReplica { get; init; }

    /// <summary>One statement, run read only.</summary>
    public string? Query { get; init; }

    /// <summary>The first value of the first row, as text.</summary>
    public string? ExpectResult { get; init; }

    public long? WarnDatabaseSizeBytes { get; init; }

    /// <summary>Texts that no message may show: a server may send back what it was sent.</summary>
    public IReadOnlyList<string> Secrets => Password is { Length: > 0 } password ? [password] : [];

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        TlsConfig.Check(config, errors);
        CheckTogether(config, errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var read = new PostgresConfig
        {
            Host = values.Text("host")!,
            Port = values.Int("port") ?? 5432,
            IpFamily = CommonFields.ReadIpFamily(values),
            Username = values.Text("username") ?? "postgres",
            Password = values.Text("password"),
            Database = values.Text("database") ?? "postgres",
            Tls = ReadTls(values),
            PlainIsFine = values.Text("ssl_mode") == "prefer",
            MaxConnectionsThreshold = values.Int("max_connections_threshold") ?? 100,
            WarnConnectionUsagePercent = values.Number("warn_connection_usage_percent") ?? 90,
            WarnReplicationLagSeconds = values.Number("warn_replication_lag_seconds") ?? 60,
            SlowQuerySeconds = values.Number("slow_query_seconds") ?? 30,
            WarnSlowQueries = values.Int("warn_slow_queries") ?? 5,
            ExpectReplica = values.Text("expect_role") is { } role ? role == "replica" : null,
            Query = values.Text("query"),
            ExpectResult = values.Text("expect_result"),
            WarnDatabaseSizeBytes = values.Long("warn_database_size_bytes"),
        };
        return ConfigReading.Accepted(read, $"{CommonFields.HostAndPort(read.Host, read.Port)}/{read.Database}");
    }

    /// <summary>
    /// The modes are those of PostgreSQL's own clients. Where nobody checks the certificate, its end is only told (a warning), unless <c>min_cert_days</c>
    /// says otherwise: no client of such a server is kept out by it.
    /// </summary>
    private static TlsConfig? ReadTls(ConfigValues values)
    {
        var mode = values.Text("ssl_mode") ?? "disable";
        if (mode == "disable")
        {
            return null;
        }

        var tls = TlsConfig.Read(values) ?? TlsConfig.Default;
        var verify = mode is "verify-ca" or "verify-full" || (mode == "require" && tls.CaPem is not null && tls.Verify);
        return tls with
        {
            Verify = verify,
            VerifyName = mode == "verify-full",
            MinCertDays = verify || values.Object("tls")?.Int("min_cert_days") is not null ? tls.MinCertDays : NoLimitOfDays,
        };
    }
}
