using System.Text.Json;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Configs.Postgres;
using Monitor.Core.Configs.Redis;
using Monitor.Core.Configs.Tcp;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.OpenApi;
using Xunit;

namespace Monitor.UnitTests.Gateway;

public sealed class ExamplesTests
{
    [Fact]
    public void Every_type_has_an_example_that_its_real_config_accepts()
    {
        var catalog = new ProberCatalog(
        [
            new ConfigOnly("http", HttpConfig.Schema, HttpConfig.Read),
            new ConfigOnly("ping", PingConfig.Schema, PingConfig.Read),
            new ConfigOnly("tcp", TcpConfig.Schema, TcpConfig.Read),
            new ConfigOnly("postgresql", PostgresConfig.Schema, PostgresConfig.Read),
            new ConfigOnly("redis", RedisConfig.Schema, RedisConfig.Read),
            new ConfigOnly("kafka", KafkaConfig.Schema, KafkaConfig.Read),
            new ConfigOnly("cassandra", CassandraConfig.Schema, CassandraConfig.Read),
        ]);

        var types = catalog.All.Select(prober => prober.Type).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(types, Examples.Targets(catalog).Select(example => example.Key).Order(StringComparer.Ordinal));
        Assert.Equal(types.Length, Examples.DryRuns(catalog).Count);
    }

    private sealed class ConfigOnly(string type, ObjectSchema schema, Func<JsonElement, ConfigReading> read) : IProber
    {
        public string Type => type;

        public LocalizedText Name => new(type, type);

        public ObjectSchema Schema => schema;

        public ConfigReading Read(JsonElement config) => read(config);

        public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken) =>
            ValueTask.FromResult(ProbeResult.Ok(ProbeMetrics.Empty));
    }
}
