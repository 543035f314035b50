using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

[assembly: AssemblyFixture(typeof(CassandraRing))]
[assembly: AssemblyFixture(typeof(CassandraNode))]

namespace Monitor.SystemTests.Servers;

/// <summary>Three nodes without login, started when the first test asks for them.</summary>
public sealed class CassandraRing : IAsyncDisposable
{
    private readonly LazyServers _servers = new(() => CassandraServers.StartAsync(3, auth: false, tls: false, CancellationToken.None));

    public Task<CassandraServers> GetAsync(CancellationToken cancellationToken) => _servers.GetAsync(cancellationToken);

    /// <summary>With every node up, whatever a test before has left.</summary>
    public async Task<CassandraServers> WholeAsync(CancellationToken cancellationToken)
    {
        var servers = await GetAsync(cancellationToken);
        await servers.HealAsync(cancellationToken);
        return servers;
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();
}

/// <summary>One node with login and TLS (optional: plain works, too), started when the first test asks for it.</summary>
public sealed class CassandraNode : IAsyncDisposable
{
    private readonly LazyServers _servers = new(() => CassandraServers.StartAsync(1, auth: true, tls: true, CancellationToken.None));

    public Task<CassandraServers> GetAsync(CancellationToken cancellationToken) => _servers.GetAsync(cancellationToken);

    public ValueTask DisposeAsync() => _servers.DisposeAsync();
}

/// <summary>Servers that are started at most once, and ended if they were.</summary>
internal sealed class LazyServers(Func<Task<CassandraServers>> start) : IAsyncDisposable
{
    private readonly Lazy<Task<CassandraServers>> _servers = new(start);

    public Task<CassandraServers> GetAsync(CancellationToken cancellationToken) => _servers.Value.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_servers.IsValueCreated)
        {
            return;
        }

        // One that could not be started has told its test so, and has been cleaned up.
        await ((Task)_servers.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_servers.Value.IsCompletedSuccessfully)
        {
            await (await _servers.Value).DisposeAsync();
        }
    }
}

/// <summary>Tests that share real Cassandra nodes, and break them.</summary>
[CollectionDefinition(Name)]
public sealed class CassandraTests
{
    public const string Name = "cassandra";
}
