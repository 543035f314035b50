using System.Text.Json;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class KafkaConfigTests
{
    [Theory]
    [InlineData("{}", "bootstrap_servers", "is required")]
    [InlineData("""{"bootstrap_servers":[]}""", "bootstrap_servers", "must have between 1")]
    [InlineData("""{"bootstrap_servers":"h:1"}""", "bootstrap_servers", "must be a list")]
    [InlineData("""{"bootstrap_servers":["host"]}""", "bootstrap_servers[0]", "must be host:port")]
    [InlineData("""{"bootstrap_servers":["h:1","h:99999"]}""", "bootstrap_servers[1]", "must be host:port")]
    [InlineData("""{"bootstrap_servers":["h:1"],"group":"g"}""", "group", "unknown field")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":""}""", "consumer_group", "must have between 1")]
    [InlineData("""{"bootstrap_servers":["h:1"],"max_lag":5}""", "consumer_group", "is required with max_lag")]
    [InlineData("""{"bootstrap_servers":["h:1"],"expect_members":true}""", "consumer_group", "is required with expect_members")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","topics":["a b"]}""", "topics[0]", "is not a topic name")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","topics":[".."]}""", "topics[0]", "is not a topic name")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","max_lag":-1}""", "max_lag", "must be between 0")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","warn_lag":1.5}""", "warn_lag", "must be a whole number")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","max_partition_lag":"5"}""", "max_partition_lag", "must be a whole number")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","stalled_after_probes":-1}""", "stalled_after_probes", "must be between 0")]
    [InlineData("""{"bootstrap_servers":["h:1"],"consumer_group":"g","expect_members":"yes"}""", "expect_members", "must be true or false")]
    [InlineData("""{"bootstrap_servers":["h:1"],"isolation":"serializable"}""", "isolation", "must be one of: read_uncommitted, read_committed")]
    [InlineData("""{"bootstrap_servers":["h:1"],"expected_brokers":0}""", "expected_brokers", "must be between 1")]
    [InlineData("""{"bootstrap_servers":["h:1"],"min_brokers":0}""", "min_brokers", "must be between 1")]
    [InlineData("""{"bootstrap_servers":["h:1"],"sasl_mechanism":"GSSAPI","username":"u","password":"p"}""", "sasl_mechanism", "must be one of: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")]
    [InlineData("""{"bootstrap_servers":["h:1"],"sasl_mechanism":"PLAIN","username":"u"}""", "password", "is required with sasl_mechanism")]
    [InlineData("""{"bootstrap_servers":["h:1"],"username":"u","password":"p"}""", "sasl_mechanism", "is required with username")]
    [InlineData("""{"bootstrap_servers":["h:1"],"password":"p","sasl_mechanism":"PLAIN"}""", "username", "is required with sasl_mechanism")]
    [InlineData("""{"bootstrap_servers":["h:1"],"tls":{"client_key_pem":"x"}}""", "tls.client_cert_pem", "required with its other half")]
    [InlineData("""{"bootstrap_servers":["h:1"],"ip_family":"v4"}""", "ip_family", "must be one of")]
    public void Kafka_refuses(string config, string path, string words)
    {
        using var document = JsonDocument.Parse(config);
        var reading = KafkaConfig.Read(document.RootElement);
        Assert.Null(reading.Config);
        var error = Assert.Single(reading.Errors, error => error.Path == path);
        Assert.Contains(words, error.Message.English, StringComparison.Ordinal);
        Assert.NotEqual("", error.Message.Chinese);
    }

    [Fact]
    public void The_defaults_are_those_of_the_contract()
    {
        var config = Read("""{"bootstrap_servers":["10.0.2.1:9092","10.0.2.1:9092"],"consumer_group":"billing","topics":null}""");
        Assert.Equal(new NodeAddress("10.0.2.1", 9092), Assert.Single(config.BootstrapServers));
        Assert.Equal((10, false, false), (config.StalledAfterProbes, config.ExpectMembers, config.ReadCommitted));
        Assert.Empty(config.Topics);
        Assert.Null(config.Tls);
        Assert.Null(config.Login);
        Assert.Null(config.MaxLag);
    }

    [Fact]
    public void What_people_call_the_place_holds_no_secret()
    {
        using var document = JsonDocument.Parse(
            """{"bootstrap_servers":["a:1","b:2","c:3","d:4"],"consumer_group":"billing","sasl_mechanism":"PLAIN","username":"u","password":"s3cret"}""");
        var reading = KafkaConfig.Read(document.RootElement);
        Assert.Equal("a:1, b:2, c:3 and 1 more billing", reading.Endpoint);
        Assert.DoesNotContain("s3cret", reading.Config!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_password_is_the_only_secret_and_what_directs_it_is_known()
    {
        Assert.Equal(["password"], KafkaConfig.Schema.Fields.Where(field => field.Secret).Select(field => field.Name));
        Assert.Equal(
            ["bootstrap_servers", "sasl_mechanism", "tls", "username"],
            KafkaConfig.Schema.Fields.Where(field => field.DirectsSecrets).Select(field => field.Name).Order(StringComparer.Ordinal));
    }

    private static KafkaConfig Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        return (KafkaConfig)KafkaConfig.Read(document.RootElement).Config!;
    }
}
