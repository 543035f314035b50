using Microsoft.Data.Sqlite;

namespace Monitor.Storage.Sqlite;

/// <summary>
/// Takes the log into the file, on a thread and connection of its own: first beside the writer, then what came meanwhile with the writer waiting,
/// so that the log begins anew and stays bounded. A reader that still needs the log puts that off for a turn.
/// </summary>
internal sealed class SqliteCheckpoints(string path) : IDisposable
{
    private const long WorthTakingIn = 16L * 1024 * 1024;
    private const int CommitsBetweenLooks = 16;
    private const string Settings = "PRAGMA busy_timeout = 20; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;";

    private readonly FileInfo _log = new(path + "-wal");
    private readonly AutoResetEvent _wake = new(initialState: false);
    private Thread? _thread;
    private long _commits;
    private volatile bool _closing;

    public void Start()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "store checkpoints" };
        _thread.Start();
    }

    /// <summary>Called after each commit: cheap.</summary>
    public void Committed()
    {
        if (Interlocked.Increment(ref _commits) % CommitsBetweenLooks == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Ends the thread. Commits may still come: <see cref="Dispose"/> when there are none any more.</summary>
    public void Stop()
    {
        _closing = true;
        _wake.Set();
        _thread?.Join();
    }

    public void Dispose() => _wake.Dispose();

    private void Loop()
    {
        SqliteSession? session = null;
        while (!_closing)
        {
            _wake.WaitOne();
            _log.Refresh();
            if (!_closing && _log.Exists && _log.Length >= WorthTakingIn && !TryTakeIn(ref session))
            {
                session?.Dispose();
                session = null;
            }
        }

        session?.Dispose();
    }

    /// <summary>False on a full or failing disk: the writer meets and tells it; here a new connection is tried at the next turn.</summary>
    private bool TryTakeIn(ref SqliteSession? session)
    {
        try
        {
            if (session is null)
            {
                session = new SqliteSession(path, writes: true);
                session.ExecuteScript(Settings);
            }

            session.Number("PRAGMA wal_checkpoint(PASSIVE)");
            session.Number("PRAGMA wal_checkpoint(TRUNCATE)");
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }
}
