using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>Every ssl_mode against a real server's certificate.</summary>
public sealed class PostgresTlsTests(PostgresPlace place)
{
    [Theory]
    [InlineData("prefer")]
    [InlineData("require")]
    [InlineData("verify-ca")]
    [InlineData("verify-full")]
    public async Task A_server_whose_certificate_is_good_passes_in_every_mode(string mode)
    {
        var result = await ProbeAsync(mode, new { ca_pem = place.AuthorityPem });
        Assert.True(result.Message is null, result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Notes);
        Assert.Equal("1.3", result.Metrics["tls_version"]!.Value.Text);
        Assert.InRange(result.Metrics["cert_days_left"]!.Value.Number!.Value, 80, 91);
        Assert.True(result.Metrics["tls_ms"]!.Value.Number > 0);
    }

    [Fact]
    public async Task Another_authority_is_refused_where_it_is_checked()
    {
        using var others = new TestCertificates();
        foreach (var mode in (string[])["require", "verify-ca", "verify-full"])
        {
            var result = await ProbeAsync(mode, new { ca_pem = others.AuthorityPem });
            Assert.Equal(FailureStage.Tls, result.Stage);
            Assert.StartsWith("tls: certificate is not trusted: ", result.Message, StringComparison.Ordinal);
        }

        Assert.Null((await ProbeAsync("prefer", new { ca_pem = others.AuthorityPem })).Message);
        Assert.Null((await ProbeAsync("require", null)).Message);
    }

    [Fact]
    public async Task Another_name_is_refused_only_in_full_verification()
    {
        var tls = new { ca_pem = place.AuthorityPem, server_name = "other.test" };
        var full = await ProbeAsync("verify-full", tls);
        Assert.Equal("tls: certificate is for probe.test, localhost, 127.0.0.1, ::1, not for other.test", full.Message);
        Assert.Null((await ProbeAsync("verify-ca", tls)).Message);
    }

    [Fact]
    public async Task The_name_is_the_hosts_not_the_addresss()
    {
        var server = await place.ServerAsync();
        var names = new ScriptedNames(["127.0.0.1"]);
        var tls = new { ca_pem = place.AuthorityPem };
        var good = await ProbeBench.PostgresAsync(new { host = "probe.test", port = server.Port, username = "open", ssl_mode = "verify-full", tls }, names: names);
        var bad = await ProbeBench.PostgresAsync(new { host = "db.test", port = server.Port, username = "open", ssl_mode = "verify-full", tls }, names: names);
        Assert.Equal(ProbeOutcome.Ok, good.Outcome);
        Assert.Equal("tls: certificate is for probe.test, localhost, 127.0.0.1, ::1, not for db.test", bad.Message);
    }

    [Fact]
    public async Task The_days_left_are_judged()
    {
        var warned = await ProbeAsync("verify-full", new { ca_pem = place.AuthorityPem, warn_cert_days = 200 });
        var failed = await ProbeAsync("require", new { min_cert_days = 200 });
        Assert.EndsWith("< warn_cert_days 200", Assert.Single(warned.Warnings), StringComparison.Ordinal);
        Assert.Equal(FailureStage.Tls, failed.Stage);
        Assert.EndsWith("< min_cert_days 200", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_certificate_logs_in()
    {
        var server = await place.ServerAsync();
        var (certificate, key) = place.Client;
        object Config(object? tls) => new { host = "127.0.0.1", port = server.Port, username = "probe client", ssl_mode = "require", tls };
        var with = await ProbeBench.PostgresAsync(Config(new { client_cert_pem = certificate, client_key_pem = key }));
        var without = await ProbeBench.PostgresAsync(Config(null));
        Assert.Equal((ProbeOutcome.Ok, null), (with.Outcome, with.Message));
        Assert.Equal("authentication: not permitted by the server (pg_hba.conf, or no such user): connection requires a valid client certificate (28000)", without.Message);
    }

    [Fact]
    public async Task A_server_that_wants_TLS_says_so_to_who_speaks_plain()
    {
        var server = await place.ServerAsync();
        var config = new { host = "127.0.0.1", port = server.Port, username = "tls_only", password = "tls-pw" };
        var result = await ProbeBench.PostgresAsync(config);
        Assert.Equal(FailureStage.Authentication, result.Stage);
        Assert.EndsWith("pg_hba.conf rejects connection for host \"127.0.0.1\", user \"tls_only\", database \"postgres\", no encryption (28000)", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_fine_only_where_that_is_said()
    {
        Requires.Postgres();
        await using var plain = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        object Config(string mode) => new { host = "127.0.0.1", port = plain.Port, password = PostgresServer.Password, ssl_mode = mode };
        var prefer = await ProbeBench.PostgresAsync(Config("prefer"));
        var require = await ProbeBench.PostgresAsync(Config("require"));
        Assert.Equal((ProbeOutcome.Ok, null), (prefer.Outcome, prefer.Message));
        Assert.Null(prefer.Metrics["tls_version"]);
        Assert.Equal("tls: the server does not offer TLS", require.Message);
    }

    [Fact]
    public async Task Bytes_behind_the_answer_to_the_request_for_TLS_are_refused()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.ReadExactlyAsync(new byte[8], token);
            await stream.WriteAsync("SR\0\0\0\u0008\0\0\0\0"u8.ToArray(), token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, ssl_mode = "require" });
        Assert.Equal("tls: the server sent 10 bytes where one says whether it offers TLS", result.Message);
    }

    private async Task<ProbeResult> ProbeAsync(string mode, object? tls)
    {
        var server = await place.ServerAsync();
        return await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username = "tls_only", password = "tls-pw", ssl_mode = mode, tls });
    }
}
