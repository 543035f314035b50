using System.Globalization;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Storage;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Monitor.SystemTests.Storage;

/// <summary>One PostgreSQL and one pgbouncer for all tests of the run that break neither, each started by the first test that asks. Every test has a database of its own.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    public static readonly byte[] MasterKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly SemaphoreSlim _one = new(1);
    private PostgresServer? _server;
    private PgBouncer? _pooler;
    private int _databases;

    /// <summary>Skips the test where PostgreSQL is not installed.</summary>
    public async Task<PostgresServer> ServerAsync(CancellationToken cancellationToken)
    {
        Requires.Postgres();
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _server ??= await PostgresServer.StartAsync(cancellationToken, new PostgresOptions { Authentication = "trust" });
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task<PgBouncer> PoolerAsync(CancellationToken cancellationToken)
    {
        var server = await ServerAsync(cancellationToken);
        Requires.PgBouncer();
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _pooler ??= await PgBouncer.StartAsync(server, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A new, empty database; its name.</summary>
    public async Task<string> DatabaseAsync(CancellationToken cancellationToken)
    {
        var server = await ServerAsync(cancellationToken);
        var name = "store_" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture);
        await server.ExecuteAsync($"CREATE DATABASE {name}", cancellationToken);
        return name;
    }

    public async Task<string> ConnectionAsync(string database, CancellationToken cancellationToken) =>
        Few((await ServerAsync(cancellationToken)).ConnectionString(database: database));

    public async Task<string> PooledConnectionAsync(string database, CancellationToken cancellationToken) =>
        Few((await PoolerAsync(cancellationToken)).ConnectionString(database: database));

    public async ValueTask DisposeAsync()
    {
        if (_pooler is not null)
        {
            await _pooler.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _one.Dispose();
    }

    /// <summary>As a silo would: with a pool, but a small one.</summary>
    private static string Few(string connection) => new NpgsqlConnectionStringBuilder(connection) { Pooling = true, MaxPoolSize = 8 }.ConnectionString;
}
