using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

/// <summary>The store in one SQLite file, for one process: one writer, readers that wait for nobody, checkpoints beside them.</summary>
public sealed partial class SqliteStore(SqliteOptions options, TimeProvider time, ILogger<SqliteStore> logger)
    : IGrainStore, ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle, IShardStore, ICondition, IDisposable
{
    private readonly OpenSlots _openSlots = new();
    private StoreFolder? _folder;
    private SecretBox? _secrets;
    private SqliteWriter? _writer;
    private SqliteReaders? _readers;
    private SqliteCheckpoints? _checkpoints;
    private volatile LocalizedText[] _unreadable = [];
    private byte[]? _installationSecret;
    private int _closed;

    public LocalizedText? WriteTrouble => _writer?.Trouble;

    public byte[] InstallationSecret => _installationSecret ?? throw NotOpen();

    /// <summary>The key ring, for whoever copies the store.</summary>
    internal SecretBox Box => Secrets;

    private SqliteWriter Writer => _writer ?? throw NotOpen();

    private SqliteReaders Readers => _readers ?? throw NotOpen();

    private SecretBox Secrets => _secrets ?? throw NotOpen();

    public Task OpenAsync(CancellationToken cancellationToken) => Task.Run(Open, cancellationToken);

    /// <summary>What cannot be read; trouble with writing is told by whoever writes, with what waits for it.</summary>
    public IReadOnlyList<LocalizedText> Reasons() => _unreadable;

    public Task ProbeWriteAsync(CancellationToken cancellationToken)
    {
        var now = Micros.Of(time.GetUtcNow());
        return Writer.RunAsync(
            session => session.Execute("INSERT INTO write_trials (id, at) VALUES (1, @1) ON CONFLICT (id) DO UPDATE SET at = excluded.at", now),
            cancellationToken);
    }

    public Task<IReadOnlyList<Fence>> ClaimAllAsync(SiloIdentity silo, CancellationToken cancellationToken) =>
        Writer.RunAsync(session => ShardTable.ClaimAll(session, silo), cancellationToken);

    public Task<IReadOnlyList<TargetRevision>> LoadRevisionsAsync(CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<TargetRevision>>(TargetTable.Revisions, cancellationToken);

    public void Dispose()
    {
        // A container that knows the store by several ports disposes it as often.
        if (Interlocked.Exchange(ref _closed, 1) == 1)
        {
            return;
        }

        // The writer closes last: closing the last connection that may write takes the log in.
        _readers?.Dispose();
        _checkpoints?.Stop();
        _writer?.Dispose();
        _checkpoints?.Dispose();
        _maintenance.Dispose();
        _folder?.Dispose();
    }

    private static StoreUnavailableException NotOpen() => new(new LocalizedText("the store is not open", "存储未打开"));

    private void Open()
    {
        if (_writer is not null)
        {
            throw new InvalidOperationException("the store is open already");
        }

        var folder = StoreFolder.Take(options);
        try
        {
            _secrets = OpenKeys();
            Migrate();
            _checkpoints = new SqliteCheckpoints(options.DatabasePath);
            _readers = new SqliteReaders(options.DatabasePath, _openSlots);
            _writer = new SqliteWriter(OpenWriting, _checkpoints.Committed);
            _checkpoints.Start();
            _folder = folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private SecretBox OpenKeys()
    {
        try
        {
            return KeyRing.Open(options.KeyFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or System.Xml.XmlException or InvalidOperationException)
        {
            throw new StoreRefusedException($"the key ring in {options.KeyFolder} cannot be used: {e.Message}", e);
        }
    }

    private void Migrate()
    {
        try
        {
            using var session = OpenWriting();
            SchemaFiles.Apply(session, time.GetUtcNow());
            // After a kill the log is taken in first: only then can the file's own length be judged.
            session.Number("PRAGMA wal_checkpoint(TRUNCATE)");
            var expected = (session.Number("PRAGMA page_count") ?? 0) * (session.Number("PRAGMA page_size") ?? 0);
            if (new FileInfo(options.DatabasePath).Length < expected)
            {
                throw new StoreRefusedException($"{options.DatabasePath} is damaged: it ends before its last page; restore it from a copy, or move it away");
            }

            SchemaFiles.TouchTables(session);
            _openSlots.Fill(session);
            FindUnreadable(session);
            _installationSecret = InstallationTable.Secret(session, Secrets);
        }
        catch (SqliteException e) when (SqliteFaults.IsDamage(e))
        {
            throw new StoreRefusedException($"{options.DatabasePath} is damaged or not a database: restore it from a copy, or move it away", e);
        }
        catch (SqliteException e)
        {
            throw new StoreRefusedException($"the store in {Path.GetFullPath(options.Folder)} cannot be opened: {SqliteFaults.Line(e)}", e);
        }
    }

    private void FindUnreadable(SqliteSession session)
    {
        var targets = TargetTable.Unreadable(session, Secrets);
        var channels = ChannelTable.Unreadable(session, Secrets);
        var line = UnreadableSecrets.Line(new LocalizedText($"the key ring in {options.KeyFolder}", $"{options.KeyFolder} 中的密钥环"), targets, channels);
        if (line is { } news && !_unreadable.Contains(news))
        {
            LogUnreadable(news.English);
        }

        _unreadable = line is { } told ? [told] : [];
    }

    /// <summary>After an edit that may have given a secret again.</summary>
    private async Task<T> SeenAgainAsync<T>(Task<T> edit)
    {
        var outcome = await edit;
        if (_unreadable.Length > 0)
        {
            await Readers.ReadAsync(
                session =>
                {
                    FindUnreadable(session);
                    return true;
                },
                CancellationToken.None);
        }

        return outcome;
    }

    private SqliteSession OpenWriting()
    {
        var session = new SqliteSession(options.DatabasePath, writes: true, _openSlots);
        try
        {
            // FULL: a commit that was confirmed outlives a power cut. Checkpoints are not the writer's work.
            session.ExecuteScript(
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
