using System.Text.Json;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class RedisConfigTests
{
    [Theory]
    [InlineData("{}", "host", "is required, or nodes")]
    [InlineData("""{"host":null,"nodes":null}""", "host", "is required, or nodes")]
    [InlineData("""{"host":"h","nodes":["a:1"]}""", "nodes", "cannot be used together with host")]
    [InlineData("""{"nodes":["a:1"],"port":6380}""", "port", "belongs to host")]
    [InlineData("""{"nodes":[]}""", "nodes", "must have between 1")]
    [InlineData("""{"nodes":["abc"]}""", "nodes[0]", "must be host:port")]
    [InlineData("""{"nodes":"a:1"}""", "nodes", "must be a list")]
    [InlineData("""{"host":"h","mode":"Cluster"}""", "mode", "must be one of")]
    [InlineData("""{"host":"h","database":-1}""", "database", "must be between")]
    [InlineData("""{"host":"h","mode":"cluster","database":1}""", "database", "a cluster has database 0 only")]
    [InlineData("""{"host":"h","mode":"cluster","master_name":"x"}""", "master_name", "has no meaning with mode cluster")]
    [InlineData("""{"host":"h","mode":"standalone","sentinel_password":"x"}""", "sentinel_password", "has no meaning with mode standalone")]
    [InlineData("""{"host":"h","password":""}""", "password", "must have between 1")]
    [InlineData("""{"host":"h","expect_role":"slave"}""", "expect_role", "must be one of")]
    [InlineData("""{"host":"h","warn_memory_percent":101}""", "warn_memory_percent", "must be a number between 0 and 100")]
    [InlineData("""{"host":"h","warn_clients_percent":"90"}""", "warn_clients_percent", "must be a number")]
    [InlineData("""{"host":"h","warn_replication_lag_bytes":-1}""", "warn_replication_lag_bytes", "must be between")]
    [InlineData("""{"host":"h","min_replicas":1.5}""", "min_replicas", "must be a whole number")]
    [InlineData("""{"host":"h","min_nodes":-1}""", "min_nodes", "must be between")]
    [InlineData("""{"host":"h","passwrod":"x"}""", "passwrod", "unknown field")]
    [InlineData("""{"host":"h","tls":{"client_key_pem":"x"}}""", "tls.client_cert_pem", "required with its other half")]
    public void Redis_refuses(string config, string path, string words)
    {
        var reading = Read(config);
        Assert.Null(reading.Config);
        var error = Assert.Single(reading.Errors, error => error.Path == path);
        Assert.Contains(words, error.Message.English, StringComparison.Ordinal);
        Assert.NotEqual("", error.Message.Chinese);
    }

    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        var reading = Read("""{"host":"cache"}""");
        var config = Assert.IsType<RedisConfig>(reading.Config);
        Assert.Equal([new NodeAddress("cache", 6379)], config.Nodes);
        Assert.Equal((RedisMode.Auto, 0, 90.0, 90.0), (config.Mode, config.Database, config.WarnMemoryPercent, config.WarnClientsPercent));
        Assert.Null(config.Tls);
        Assert.Equal("cache:6379", reading.Endpoint);
    }

    [Fact]
    public void Several_nodes_are_one_endpoint_and_secrets_are_known()
    {
        var reading = Read("""{"nodes":["a:1","[::1]:2","a:1"],"password":"pw","sentinel_password":"longer-pw","master_name":"m"}""");
        var config = Assert.IsType<RedisConfig>(reading.Config);
        Assert.Equal("a:1, [::1]:2", reading.Endpoint);
        Assert.Equal(["longer-pw", "pw"], config.Secrets);
        Assert.DoesNotContain("pw", reading.Endpoint, StringComparison.Ordinal);
    }

    private static ConfigReading Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return RedisConfig.Read(document.RootElement);
    }
}
