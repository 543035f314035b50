using System.Text.Json;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class CassandraConfigTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        var config = Read("""{"contact_points":["10.0.3.1:9042","db:9043","10.0.3.1:9042","[::1]:9042"]}""");
        Assert.Equal([new NodeAddress("10.0.3.1", 9042), new NodeAddress("db", 9043), new NodeAddress("::1", 9042)], config.ContactPoints);
        Assert.True(config.CheckPeers);
        Assert.Equal(CqlConsistency.One, config.Consistency);
        Assert.Null(config.MinNodesUp);
        Assert.Null(config.Tls);
        Assert.Null(config.Query);
    }

    [Fact]
    public void Everything_that_is_set_is_read()
    {
        var config = Read("""
            {"contact_points":["h:1"],"username":"u","password":"p","tls":true,"check_peers":false,"min_nodes_up":2,"query":"select * from a.b; ","consistency":"LOCAL_QUORUM","expect_version":"4.1","ip_family":"ipv6"}
            """);
        Assert.Equal(("u", "p", false, 2), (config.Username, config.Password, config.CheckPeers, config.MinNodesUp));
        Assert.Equal(("select * from a.b", CqlConsistency.LocalQuorum, "4.1", IpFamily.V6), (config.Query, config.Consistency, config.ExpectVersion, config.IpFamily));
        Assert.NotNull(config.Tls);
    }

    [Theory]
    [InlineData("{}", "contact_points", "is required")]
    [InlineData("""{"contact_points":[]}""", "contact_points", "between 1 and 100")]
    [InlineData("""{"contact_points":"h:1"}""", "contact_points", "must be a list")]
    [InlineData("""{"contact_points":["h"]}""", "contact_points[0]", "must have between")]
    [InlineData("""{"contact_points":["host"]}""", "contact_points[0]", "must be host:port")]
    [InlineData("""{"contact_points":["h:1"],"password":"p"}""", "username", "is required with password")]
    [InlineData("""{"contact_points":["h:1"],"hosts":"x"}""", "hosts", "unknown field")]
    [InlineData("""{"contact_points":["h:1"],"consistency":"one"}""", "consistency", "must be one of")]
    [InlineData("""{"contact_points":["h:1"],"consistency":"ANY"}""", "consistency", "must be one of")]
    [InlineData("""{"contact_points":["h:1"],"query":"DROP KEYSPACE a"}""", "query", "must be one SELECT statement")]
    [InlineData("""{"contact_points":["h:1"],"query":"SELECTED"}""", "query", "must be one SELECT statement")]
    [InlineData("""{"contact_points":["h:1"],"min_nodes_up":0}""", "min_nodes_up", "must be between")]
    [InlineData("""{"contact_points":["h:1"],"expect_version":"v5"}""", "expect_version", "must be a version")]
    [InlineData("""{"contact_points":["h:1"],"check_peers":"no"}""", "check_peers", "must be true or false")]
    [InlineData("""{"contact_points":["h:1"],"tls":{"ca_pem":"x"}}""", "tls.ca_pem", "no certificate")]
    public void It_refuses(string json, string path, string words)
    {
        using var document = JsonDocument.Parse(json);
        var error = Assert.Single(CassandraConfig.Read(document.RootElement).Errors, error => error.Path == path);
        Assert.Contains(words, error.Message.English, StringComparison.Ordinal);
        Assert.NotEqual("", error.Message.Chinese);
    }

    private static CassandraConfig Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Assert.IsType<CassandraConfig>(CassandraConfig.Read(document.RootElement).Config);
    }
}
