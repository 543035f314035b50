using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Storage.Sqlite;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Storage;

/// <summary>The contract on SQLite.</summary>
public class SqliteStoreTests : StoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("monitor-store-").FullName;
    private SqliteStore? _store;

    protected override async Task<StorePorts> OpenAsync(CancellationToken cancellationToken)
    {
        _store = new SqliteStore(new SqliteOptions(_folder), TimeProvider.System, NullLogger<SqliteStore>.Instance);
        await _store.OpenAsync(cancellationToken);
        return StorePorts.Of(_store);
    }

    protected override Task CloseAsync()
    {
        _store?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }
}

/// <summary>The contract where every commit fails first with nothing done, then done but reported as failed, and is given again: the end must be the same.</summary>
public sealed class FaultySqliteStoreTests : SqliteStoreTests
{
    private FaultStore? _faults;

    protected override async Task<StorePorts> OpenAsync(CancellationToken cancellationToken)
    {
        var ports = await base.OpenAsync(cancellationToken);
        _faults = new FaultStore(ports.Grains, Enumerable.Repeat(new[] { StoreFault.Before, StoreFault.After, StoreFault.None }, 1_000).SelectMany(plan => plan));
        return ports with { Grains = new RepeatingStore(_faults) };
    }
}
