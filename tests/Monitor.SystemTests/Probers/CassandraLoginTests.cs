using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>A real node with login and TLS.</summary>
[Collection(CassandraTests.Name)]
public sealed class CassandraLoginTests(CassandraNode node)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logins_are_accepted_and_refused_for_what_they_are()
    {
        Requires.Cassandra();
        var servers = await node.GetAsync(Token);
        var contact = new[] { servers.Address(0) };
        var right = await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "cassandra", password = "cassandra" });
        var wrong = await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "probe", password = "very-secret" });
        var empty = await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "cassandra" });
        var none = await new CassandraBench().ProbeAsync(new { contact_points = contact });

        Assert.True(right.IsClean, CassandraBench.Told(right));
        Assert.Empty(right.Notes);
        Assert.Equal("authentication: login as probe refused: \"Provided username probe and/or password are incorrect\"", wrong.Message);
        Assert.StartsWith("authentication: login as cassandra without a password refused: \"", empty.Message, StringComparison.Ordinal);
        Assert.Equal("authentication: the server asks for a login (org.apache.cassandra.auth.PasswordAuthenticator), and no username is set", none.Message);
        Assert.Equal("127.0.0.1", wrong.Metrics["address"]!.Value.Text);
    }

    [Fact]
    public async Task A_role_with_the_least_rights_of_the_documentation_sees_everything()
    {
        Requires.Cassandra();
        var servers = await node.GetAsync(Token);
        var contact = new[] { servers.Address(0) };
        var admin = new CassandraConfig { ContactPoints = [new NodeAddress("127.0.0.1", servers.Port)], Username = "cassandra", Password = "cassandra" };
        await CqlSetup.RunAsync(admin, "CREATE ROLE IF NOT EXISTS monitor WITH PASSWORD = 'change-me' AND LOGIN = true");
        var before = await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "monitor", password = "change-me" });
        await CqlSetup.RunAsync(admin, "GRANT SELECT ON system_views.gossip_info TO monitor");
        var after = await Eventually.GetAsync(
            "the right is known",
            async () => await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "monitor", password = "change-me" }) is { Notes.Count: 0 } told ? told : null,
            Token);
        var denied = await new CassandraBench().ProbeAsync(new { contact_points = contact, username = "monitor", password = "change-me", query = "SELECT * FROM system_auth.roles" });

        Assert.True(before.IsClean, CassandraBench.Told(before));
        Assert.Equal(["joining and leaving nodes cannot be told: the user may not read system_views.gossip_info"], before.Notes);
        Assert.True(after.IsClean, CassandraBench.Told(after));
        Assert.StartsWith("assertion: query failed: unauthorized: \"User monitor has no SELECT permission on ", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_is_spoken_judged_and_told_apart_from_plain()
    {
        Requires.Cassandra();
        var servers = await node.GetAsync(Token);
        using var others = new TestCertificates();
        object Config(object tls) => new { contact_points = new[] { servers.Address(0) }, username = "cassandra", password = "cassandra", tls };
        var good = await new CassandraBench().ProbeAsync(Config(new { ca_pem = servers.CaPem }));
        var wrong = await new CassandraBench().ProbeAsync(Config(new { ca_pem = others.AuthorityPem }));
        var blind = await new CassandraBench().ProbeAsync(Config(new { verify = false }));

        Assert.True(good.IsClean, CassandraBench.Told(good));
        Assert.Equal("1.3", good.Metrics["tls_version"]!.Value.Text);
        Assert.NotNull(good.Metrics["cert_days_left"]);
        Assert.StartsWith("tls: certificate is not trusted: ", wrong.Message, StringComparison.Ordinal);
        Assert.True(blind.IsClean, CassandraBench.Told(blind));
    }
}
