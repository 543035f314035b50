using Monitor.Core.Probing;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>All kinds of listeners and logins of a real cluster, spoken to rightly and wrongly.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaLoginTests(KafkaCluster cluster)
{
    private static CancellationToken Token => KafkaBench.Token;

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    public async Task Every_mechanism_logs_in_to_all_brokers_in_plain_and_in_TLS(string mechanism)
    {
        var servers = await cluster.OwnServersAsync();
        var plain = await KafkaBench.OnceAsync(
            new { bootstrap_servers = new[] { servers.Sasl() }, sasl_mechanism = mechanism, username = "monitor", password = "monitor-secret", expected_brokers = 3 });
        plain.Healthy();
        Assert.Equal(3, plain.Number("brokers"));
        var secured = await KafkaBench.OnceAsync(new
        {
            bootstrap_servers = new[] { servers.SaslTls() },
            sasl_mechanism = mechanism,
            username = "monitor",
            password = "monitor-secret",
            expected_brokers = 3,
            tls = new { ca_pem = servers.CaPem },
        });
        secured.Healthy();
        Assert.Equal("1.3", secured.Metrics["tls_version"]!.Value.Text);
        Assert.True(secured.Number("tls_ms") > 0);
        Assert.True(secured.Number("cert_days_left") > 1000);
    }

    [Fact]
    public async Task TLS_without_login_works_and_an_authority_that_is_not_known_is_refused()
    {
        var servers = await cluster.OwnServersAsync();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Tls() }, tls = new { ca_pem = servers.CaPem } })).Healthy();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Tls() }, tls = true })).FailedWith(FailureStage.Tls, "certificate is not trusted");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Tls() }, tls = new { ca_pem = servers.CaPem, server_name = "kafka.example" } }))
            .FailedWith(FailureStage.Tls, "not for kafka.example");
    }

    [Theory]
    [InlineData("PLAIN", "Invalid username or password")]
    [InlineData("SCRAM-SHA-256", "invalid credentials")]
    [InlineData("SCRAM-SHA-512", "invalid credentials")]
    public async Task A_wrong_password_is_a_refused_login_and_is_not_shown(string mechanism, string words)
    {
        var servers = await cluster.OwnServersAsync();
        var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Sasl() }, sasl_mechanism = mechanism, username = "monitor", password = "not-the-secret" });
        result.FailedWith(FailureStage.Authentication, $"{servers.Sasl()} refused {mechanism} as monitor: ");
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-secret", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_user_is_a_refused_login()
    {
        var servers = await cluster.OwnServersAsync();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Sasl() }, sasl_mechanism = "SCRAM-SHA-256", username = "nobody", password = "x" }))
            .FailedWith(FailureStage.Authentication, "refused SCRAM-SHA-256 as nobody");
    }

    [Fact]
    public async Task A_listener_with_login_spoken_to_without_and_the_other_way_round_are_refused_logins()
    {
        var servers = await cluster.OwnServersAsync();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Sasl() } }))
            .FailedWith(FailureStage.Authentication, "this listener wants SASL; set sasl_mechanism");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Plain(0) }, sasl_mechanism = "PLAIN", username = "monitor", password = "monitor-secret" }))
            .FailedWith(FailureStage.Authentication, "asks for no login on this port");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.SaslTls() }, tls = new { ca_pem = servers.CaPem } }))
            .FailedWith(FailureStage.Authentication, "this listener wants SASL");
    }

    [Fact]
    public async Task TLS_spoken_to_in_plain_and_the_other_way_round_are_named()
    {
        var servers = await cluster.OwnServersAsync();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Tls() } }, 5)).FailedWith(FailureStage.Protocol, "TLS");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Plain(0) }, tls = new { ca_pem = servers.CaPem } }, 5))
            .FailedWith(FailureStage.Tls, "plain text on this port");
    }

    [Fact]
    public async Task What_an_ACL_denies_is_named()
    {
        var servers = await cluster.OwnServersAsync();
        using var client = await servers.ConnectAsync(Token);
        var name = Guid.NewGuid().ToString("N")[..10];
        var (open, secret, group, hidden) = ("open-" + name, "secret-" + name, "billing-" + name, "hidden-" + name);
        await client.CreateTopicAsync(open, [[0, 1, 2]], Token);
        await client.CreateTopicAsync(secret, [[0, 1, 2]], Token);
        foreach (var topic in (string[])[open, secret])
        {
            await client.CommitAsync(group, topic, 0, 0, Token);
            await client.CommitAsync(hidden, topic, 0, 0, Token);
        }

        await client.AddAclAsync(2, secret, "limited", 8, deny: true, Token);
        await client.AddAclAsync(3, hidden, "limited", 8, deny: true, Token);

        // Entries switch everything off that is not allowed by one.
        foreach (var user in (string[])["limited", "monitor"])
        {
            await client.AddAclAsync(2, open, user, 8, deny: false, Token);
            await client.AddAclAsync(3, group, user, 8, deny: false, Token);
        }

        object Target(string consumer, params string[] topics) => new
        {
            bootstrap_servers = new[] { servers.Sasl() },
            sasl_mechanism = "PLAIN",
            username = "limited",
            password = "limited-secret",
            consumer_group = consumer,
            topics,
        };
        await new KafkaBench(Target(hidden)).UntilAsync("the entry holds everywhere", result => result.Outcome == ProbeOutcome.Failed);
        (await KafkaBench.OnceAsync(Target(hidden))).FailedWith(
            FailureStage.Authentication, $"not allowed to see consumer group {hidden}: Describe on the group is not granted to limited (GROUP_AUTHORIZATION_FAILED)");
        (await KafkaBench.OnceAsync(Target(group, secret))).FailedWith(
            FailureStage.Authentication, $"not allowed to see topic {secret}: Describe on it is not granted to limited (TOPIC_AUTHORIZATION_FAILED)");

        // The least rights of the documentation are enough, and what is not granted is not there.
        var seen = await KafkaBench.OnceAsync(Target(group));
        seen.Healthy();
        Assert.Equal(1, seen.Number("partitions"));
        (await KafkaBench.OnceAsync(Target(group, open))).Healthy();
    }
}
