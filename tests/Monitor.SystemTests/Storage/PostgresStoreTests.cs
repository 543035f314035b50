using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Storage.Postgres;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Storage;

/// <summary>The contract on PostgreSQL; each test has a database of its own.</summary>
public class PostgresStoreTests(SharedPostgres shared) : StoreContract
{
    private PostgresStore? _store;

    protected SharedPostgres Shared => shared;

    protected override async Task<StorePorts> OpenAsync(CancellationToken cancellationToken)
    {
        var database = await shared.DatabaseAsync(cancellationToken);
        _store = new PostgresStore(
            new PostgresStoreOptions(await ConnectionAsync(database, cancellationToken), SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await _store.OpenAsync(cancellationToken);
        return StorePorts.Of(_store);
    }

    protected override async Task CloseAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    /// <summary>How the store is reached.</summary>
    protected virtual Task<string> ConnectionAsync(string database, CancellationToken cancellationToken) => shared.ConnectionAsync(database, cancellationToken);
}

/// <summary>The contract through a pooler in transaction mode: nothing may live on a session.</summary>
public sealed class PooledPostgresStoreTests(SharedPostgres shared) : PostgresStoreTests(shared)
{
    protected override Task<string> ConnectionAsync(string database, CancellationToken cancellationToken) => Shared.PooledConnectionAsync(database, cancellationToken);
}

/// <summary>The contract where every commit fails first with nothing done, then done but reported as failed, and is given again: the end must be the same.</summary>
public sealed class FaultyPostgresStoreTests(SharedPostgres shared) : PostgresStoreTests(shared)
{
    protected override async Task<StorePorts> OpenAsync(CancellationToken cancellationToken)
    {
        var ports = await base.OpenAsync(cancellationToken);
        var faults = new FaultStore(ports.Grains, Enumerable.Repeat(new[] { StoreFault.Before, StoreFault.After, StoreFault.None }, 1_000).SelectMany(plan => plan));
        return ports with { Grains = new RepeatingStore(faults) };
    }
}
