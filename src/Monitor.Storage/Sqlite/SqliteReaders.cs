using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Monitor.Storage.Sqlite;

/// <summary>Read-only connections, a few, opened as they are needed. Each read sees one moment of the store and waits for no writer.</summary>
internal sealed class SqliteReaders(string path, OpenSlots openSlots) : IDisposable
{
    private const int Most = 8;

    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly SemaphoreSlim _places = new(Most);

    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> body, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Read(body), cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }

        _places.Dispose();
    }

    private T Read<T>(Func<SqliteSession, T> body)
    {
        SqliteSession? session = null;
        var sound = false;
        try
        {
            session = _idle.TryTake(out var idle) ? idle : new SqliteSession(path, writes: false, openSlots);
            session.Execute("BEGIN");
            var result = body(session);
            session.Execute("COMMIT");
            sound = true;
            return result;
        }
        catch (SqliteException e) when (SqliteFaults.IsTrouble(e))
        {
            throw SqliteFaults.Unavailable(e);
        }
        finally
        {
            if (sound)
            {
                _idle.Add(session!);
            }
            else
            {
                session?.Dispose();
            }
        }
    }
}
