using System.Text.Json;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Configs.Ping;
            new ConfigOnly("cassandra", CassandraConfig.Schema, CassandraConfig.Read),
            new ConfigOnly("kafka", KafkaConfig.Schema, KafkaConfig.Read),
            new ConfigOnly("postgresql", PostgresConfig.Schema, PostgresConfig.Read),
            new ConfigOnly("redis", RedisConfig.Schema, RedisConfig.Read),
        ]);

        Assert.Equal(["cassandra", "http", "kafka", "ping", "postgresql", "redis", "tcp"], Examples.Targets(catalog).Select(example => example.Key).Order(StringComparer.Ordinal));
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
