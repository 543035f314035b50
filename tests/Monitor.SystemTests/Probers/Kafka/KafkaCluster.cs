using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>Three nodes, started for the first test that needs them.</summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private KafkaServers? _servers;

    /// <summary>Skips, or fails where everything should be there, without a Kafka.</summary>
    internal async Task<KafkaServers> ServersAsync()
    {
        Requires.Kafka(KafkaServers.Missing);
        return await StartedAsync();
    }

    /// <summary>One whose nodes may be killed, with all kinds of listeners.</summary>
    internal async Task<KafkaServers> OwnServersAsync()
    {
        Requires.Kafka(KafkaServers.MissingOwn);
        return await StartedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is { } servers)
        {
            await servers.DisposeAsync();
        }

        _one.Dispose();
    }

    private async Task<KafkaServers> StartedAsync()
    {
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _servers ??= await KafkaServers.StartAsync(3, TestContext.Current.CancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }
}

/// <summary>Tests that share one Kafka of three nodes. They run one after the other: some of them take nodes away, and give them back.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaCollection : ICollectionFixture<KafkaCluster>
{
    public const string Name = "kafka";
}
