using System.Text.Json;
using Monitor.Core.Configs.Postgres;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class PostgresConfigTests
{
    [Fact]
    public void Only_the_host_is_needed()
    {
        var config = Read("""{"host":"10.0.0.5"}""");
        Assert.Equal(new PostgresConfig { Host = "10.0.0.5" }, config);
        Assert.Equal((5432, "postgres", "postgres", 100, 90.0, 60.0), (config.Port, config.Username, config.Database, config.MaxConnectionsThreshold, config.WarnConnectionUsagePercent, config.WarnReplicationLagSeconds));
        Assert.Equal((30.0, 5), (config.SlowQuerySeconds, config.WarnSlowQueries));
        Assert.Null(config.Tls);
    }

    [Fact]
    public void The_endpoint_names_the_database()
    {
        using var document = JsonDocument.Parse("""{"host":"::1","port":6432,"database":"orders","password":"p"}""");
        Assert.Equal("[::1]:6432/orders", PostgresConfig.Read(document.RootElement).Endpoint);
    }

    [Theory]
    [InlineData("prefer", false, false, true)]
    [InlineData("require", false, false, false)]
    [InlineData("verify-ca", true, false, false)]
    [InlineData("verify-full", true, true, false)]
    public void The_mode_says_what_of_the_certificate_is_checked(string mode, bool verify, bool name, bool plainIsFine)
    {
        var config = Read($$"""{"host":"h","ssl_mode":"{{mode}}"}""");
        Assert.Equal((verify, name, plainIsFine), (config.Tls!.Verify, config.Tls.VerifyName, config.PlainIsFine));
    }

    [Fact]
    public void As_with_PostgreSQLs_own_clients_an_authority_makes_require_check_it()
    {
        using var certificates = new TestCertificates();
        var pem = JsonSerializer.Serialize(certificates.AuthorityPem);
        Assert.True(Read("""{"host":"h","ssl_mode":"require","tls":{"ca_pem":""" + pem + "}}").Tls!.Verify);
        Assert.False(Read("""{"host":"h","ssl_mode":"require","tls":{"verify":false,"ca_pem":""" + pem + "}}").Tls!.Verify);
        Assert.False(Read("""{"host":"h","ssl_mode":"prefer","tls":{"ca_pem":""" + pem + "}}").Tls!.Verify);
    }

    [Fact]
    public void A_certificate_that_nobody_checks_may_end_unless_it_is_said_otherwise()
    {
        Assert.True(Read("""{"host":"h","ssl_mode":"require"}""").Tls!.MinCertDays < -10_000);
        Assert.Equal(14, Read("""{"host":"h","ssl_mode":"require"}""").Tls!.WarnCertDays);
        Assert.Equal(3, Read("""{"host":"h","ssl_mode":"require","tls":{"min_cert_days":3}}""").Tls!.MinCertDays);
        Assert.Equal(0, Read("""{"host":"h","ssl_mode":"verify-full"}""").Tls!.MinCertDays);
    }

    [Theory]
    [InlineData("{}", "host", "is required")]
    [InlineData("""{"host":"h:5432"}""", "host", "must be a host name")]
    [InlineData("""{"host":"h","port":0}""", "port", "must be between 1 and 65535")]
    [InlineData("""{"host":"h","user":"x"}""", "user", "unknown field")]
    [InlineData("""{"host":"h","ssl_mode":"allow"}""", "ssl_mode", "must be one of: disable, prefer, require, verify-ca, verify-full")]
    [InlineData("""{"host":"h","tls":true}""", "ssl_mode", "when tls is given")]
    [InlineData("""{"host":"h","tls":{"warn_cert_days":3},"ssl_mode":"disable"}""", "ssl_mode", "when tls is given")]
    [InlineData("""{"host":"h","tls":{"verify":false},"ssl_mode":"verify-full"}""", "tls.verify", "cannot be false with ssl_mode verify-full")]
    [InlineData("""{"host":"h","tls":{"ca_pem":"x"},"ssl_mode":"require"}""", "tls.ca_pem", "no certificate")]
    [InlineData("""{"host":"h","tls":{"client_key_pem":"x"},"ssl_mode":"require"}""", "tls.client_cert_pem", "required with its other half")]
    [InlineData("""{"host":"h","expect_role":"master"}""", "expect_role", "must be one of: primary, replica")]
    [InlineData("""{"host":"h","expect_result":"1"}""", "query", "is required with expect_result")]
    [InlineData("""{"host":"h","query":"  \n"}""", "query", "must be an SQL statement")]
    [InlineData("""{"host":"h","max_connections_threshold":-1}""", "max_connections_threshold", "must be between")]
    [InlineData("""{"host":"h","warn_connection_usage_percent":101}""", "warn_connection_usage_percent", "must be a number between 0 and 100")]
    [InlineData("""{"host":"h","slow_query_seconds":0}""", "slow_query_seconds", "must be a number between")]
    [InlineData("""{"host":"h","warn_database_size_bytes":1.5}""", "warn_database_size_bytes", "must be a whole number")]
    [InlineData("""{"host":"h","username":"数数数数数数数数数数数数数数数数数数数数数数"}""", "username", "at most 63 bytes")]
    [InlineData("""{"host":"h","database":"a\nb"}""", "database", "control characters")]
    public void Refused(string json, string path, string words)
    {
        using var document = JsonDocument.Parse(json);
        var reading = PostgresConfig.Read(document.RootElement);
        Assert.Null(reading.Config);
        var error = Assert.Single(reading.Errors, error => error.Path == path);
        Assert.Contains(words, error.Message.English, StringComparison.Ordinal);
        Assert.NotEqual("", error.Message.Chinese);
    }

    private static PostgresConfig Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        var reading = PostgresConfig.Read(document.RootElement);
        Assert.Empty(reading.Errors);
        return (PostgresConfig)reading.Config!;
    }
}
