using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Storage.Sqlite;

/// <summary>
/// The one writer: a thread of its own with one connection. Jobs that wait together share a transaction and its fsync; each has a savepoint,
/// so that one's failure does not undo another's. When the store itself fails them together, each is tried alone: a batch too large for
/// what is left of the disk must not take a small edit with it.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MostTogether = 256;

    private readonly Func<SqliteSession> _open;
    private readonly Action _committed;
    private readonly BlockingCollection<WriteJob> _jobs = [];
    private readonly Thread _thread;
    private SqliteSession? _session;
    private volatile StoreUnavailableException? _trouble;

    /// <param name="committed">Called on the writer's thread after each commit: must be quick.</param>
    public SqliteWriter(Func<SqliteSession> open, Action committed)
    {
        _open = open;
        _committed = committed;
        _session = open();
        _thread = new Thread(Loop) { IsBackground = true, Name = "store writer" };
        _thread.Start();
    }

    /// <summary>Null while the last write went well.</summary>
    public LocalizedText? Trouble => _trouble?.Line;

    /// <exception cref="StoreUnavailableException">Nothing was confirmed.</exception>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> body, CancellationToken cancellationToken)
    {
        var job = new WriteJob<T>(body, cancellationToken);
        try
        {
            _jobs.Add(job, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            return Task.FromException<T>(new StoreUnavailableException(new LocalizedText("the store is closed", "存储已关闭"), e));
        }

        return job.Done;
    }

    /// <summary>Finishes what is queued.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        _session?.Dispose();
        _jobs.Dispose();
    }

    private void Loop()
    {
        var together = new List<WriteJob>(MostTogether);
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            together.Clear();
            together.Add(job);
            while (together.Count < MostTogether && _jobs.TryTake(out var next))
            {
                together.Add(next);
            }

            if (!TryCommit(together, out var error) && together.Count > 1)
            {
                foreach (var alone in together)
                {
                    if (!TryCommit([alone], out error))
                    {
                        alone.Fail(error!);
                    }
                }
            }
            else if (error is not null)
            {
                job.Fail(error);
            }
        }
    }

    private bool TryCommit(IReadOnlyList<WriteJob> jobs, out Exception? error)
    {
        var refused = new List<(WriteJob Job, Exception Error)>();
        try
        {
            _session ??= _open();
            _session.Execute("BEGIN IMMEDIATE");
            foreach (var job in jobs)
            {
                RunOne(_session, job, refused);
            }

            _session.Execute("COMMIT");
            _trouble = null;
        }
        catch (SqliteException e)
        {
            var trouble = SqliteFaults.Unavailable(e);
            _trouble = trouble;
            error = trouble;
            RollBack(SqliteFaults.SpoilsConnection(e));
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A defect in this class's own steps: without an answer every caller would wait for ever.
            error = e;
            RollBack(spoilt: true);
            return false;
        }

        error = null;
        _committed();
        foreach (var job in jobs.Except(refused.Select(pair => pair.Job)))
        {
            job.Confirm();
        }

        foreach (var (job, reason) in refused)
        {
            job.Fail(reason);
        }

        return true;
    }

    private static void RunOne(SqliteSession session, WriteJob job, List<(WriteJob Job, Exception Error)> refused)
    {
        session.Execute("SAVEPOINT job");
        try
        {
            job.Run(session);
        }
        catch (Exception e) when (e is not SqliteException trouble || !SqliteFaults.IsTrouble(trouble))
        {
            session.Execute("ROLLBACK TO job");
            refused.Add((job, e));
        }

        session.Execute("RELEASE job");
    }

    private void RollBack(bool spoilt)
    {
        try
        {
            if (!spoilt && _session is not null)
            {
                _session.Execute("ROLLBACK");
                return;
            }
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, or cannot: a new connection knows.
        }

        _session?.Dispose();
        _session = null;
    }
}
