using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres.Tables;
using Monitor.Storage.Secrets;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>The store in PostgreSQL (13 and newer), for any number of silos at once. Keeps no state on a connection: a pooler in transaction mode may sit between.</summary>
public sealed partial class PostgresStore : IGrainStore, ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle, IShardStore, ICondition, IDisposable, IAsyncDisposable
{
    private const int MostConnections = 16;
    private const int MostTries = 5;

    /// <summary>A commit takes as long by itself; a thousand registrations then share a hundred of them.</summary>
    private static readonly TimeSpan Company = TimeSpan.FromMilliseconds(5);

    /// <summary>Until those who were answered together have asked again, on a busy machine.</summary>
    private static readonly TimeSpan CreationCompany = TimeSpan.FromMilliseconds(15);

    private readonly PostgresStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<PostgresStore> _logger;
    private readonly Together<NewTarget, EditOutcome<Target>> _creations;
    private readonly Together<long, StoredTarget?> _loads;
    private readonly Together<int, IReadOnlyList<long>> _defaults;
    private NpgsqlDataSource? _pool;
    private SecretBox? _secrets;
    private byte[]? _installationSecret;
    private volatile StoreUnavailableException? _trouble;
    private volatile LocalizedText[] _unreadable = [];
    private int _closed;

    public PostgresStore(PostgresStoreOptions options, TimeProvider time, ILogger<PostgresStore> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _master = new(() => new MasterKey(options.MasterKey));
        _creations = new(CreateAsync, CreationCompany, time);
        _loads = new(asked => ReadAsync(session => StateTable.FindAsync(session, Secrets, asked), CancellationToken.None), Company, time);
        _defaults = new(DefaultsAsync, Company, time);
    }

    public LocalizedText? WriteTrouble => _trouble?.Line;

    public byte[] InstallationSecret => _installationSecret ?? throw NotOpen();

    private NpgsqlDataSource Pool => _pool ?? throw NotOpen();

    private SecretBox Secrets => _secrets ?? throw NotOpen();

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_secrets is not null)
        {
            throw new InvalidOperationException("the store is open already");
        }

        var pool = _pool ?? PgPool.Open(_options.ConnectionString, _options.ApplicationName, MostConnections, PgLimits.CommandSeconds);
        _pool = pool;
        try
        {
            await PgSession.RunAsync(pool, MigrateAsync, cancellationToken);
            await EnsureDaysAsync(Partitions.DayOf(Micros.Of(_time.GetUtcNow())), cancellationToken);
        }
        catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: var state } && IsRefusal(state))
        {
            throw new StoreRefusedException(e.Message, e);
        }
    }

    /// <summary>What cannot be read; trouble with writing is told by whoever writes, with what waits for it.</summary>
    public IReadOnlyList<LocalizedText> Reasons() => _unreadable;

    public Task ProbeWriteAsync(CancellationToken cancellationToken)
    {
        var now = Micros.Of(_time.GetUtcNow());
        return WriteAsync(
            session => session.ExecuteAsync(
            [
                PgStatement.Begin,
                .. PgStatement.Limits(PgLimits.TransitionMilliseconds),
                new PgStatement("INSERT INTO write_trials (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at", now),
                PgStatement.Commit,
            ]),
            cancellationToken);
    }

    public Task<IReadOnlyList<Fence>> ClaimAllAsync(SiloIdentity silo, CancellationToken cancellationToken) =>
        WriteAsync(session => ShardTable.ClaimAllAsync(session, silo, Guid.CreateVersion7(_time.GetUtcNow())), cancellationToken);

    public void Dispose()
    {
        // A container that knows the store by several ports disposes it as often.
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Forget();
            _pool?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Forget();
            await (_pool?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private void Forget()
    {
        if (_master.IsValueCreated)
        {
            _master.Value.Dispose();
        }
    }

    private static StoreUnavailableException NotOpen() => new(new LocalizedText("the store is not open", "存储未打开"));

    /// <summary>What no waiting changes: user, password, database, rights.</summary>
    private static bool IsRefusal(string state) => state is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
        or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege;

    /// <summary>Schema, key ring and installation secret in one transaction: of silos that start together the first makes all of it, the others find it.</summary>
    private async Task<bool> MigrateAsync(PgSession session)
    {
        var now = _time.GetUtcNow();
        await session.ExecuteAsync([PgStatement.Begin]);
        await PgSchema.ApplyAsync(session, now);
        var secrets = await PgKeys.OpenAsync(session, _options.MasterKey, now);
        var installation = await PgKeys.InstallationSecretAsync(session, secrets);
        await session.ExecuteAsync([PgStatement.Commit]);
        await FindUnreadableAsync(session, secrets);
        _installationSecret = installation;
        _secrets = secrets;
        return true;
    }

    private async Task<bool> FindUnreadableAsync(PgSession session, SecretBox secrets)
    {
        var line = UnreadableSecrets.Line(
            new LocalizedText("the key ring in the database", "数据库中的密钥环"), await TargetTable.UnreadableAsync(session, secrets), await ChannelTable.UnreadableAsync(session, secrets));
        if (line is { } news && !_unreadable.Contains(news))
        {
            LogUnreadable(news.English);
        }

        _unreadable = line is { } told ? [told] : [];
        return true;
    }

    private Task<T> ReadAsync<T>(Func<PgSession, Task<T>> body, CancellationToken cancellationToken) => PgSession.RunAsync(Pool, body, cancellationToken);

    /// <summary>Every statement of it sees the same moment.</summary>
    private Task<T> SnapshotAsync<T>(Func<PgSession, Task<T>> body, CancellationToken cancellationToken) => PgSession.RunAsync(
        Pool,
        async session =>
        {
            await session.ExecuteAsync([PgStatement.BeginSnapshot, .. PgStatement.Limits(PgLimits.UpkeepMilliseconds)]);
            var result = await body(session);
            await session.ExecuteAsync([PgStatement.Commit]);
            return result;
        },
        cancellationToken);

    /// <summary>Remembers whether the last write went well.</summary>
    private async Task<T> WriteAsync<T>(Func<PgSession, Task<T>> body, CancellationToken cancellationToken)
    {
        try
        {
            var result = await PgSession.RunAsync(Pool, body, cancellationToken);
            _trouble = null;
            return result;
        }
        catch (StoreUnavailableException e)
        {
            _trouble = e;
            _origins.Clear();
            throw;
        }
    }

    /// <summary>An edit that met another one is undone and tried again: it then sees what the other has made.</summary>
    private async Task<T> EditAsync<T>(Func<PgSession, Task<T>> body, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await WriteAsync(body, cancellationToken);
            }
            catch (PostgresException e) when (PgFaults.IsCollision(e) && tries < MostTries)
            {
            }
            catch (StoreUnavailableException e) when (e.InnerException is PostgresException inner && PgFaults.IsCollision(inner) && tries < MostTries)
            {
            }
        }
    }
}
