namespace Monitor.Storage.Sqlite;

/// <summary>Something to write. It may run more than once before it is confirmed, so it keeps nothing outside the store until <see cref="Confirm"/>.</summary>
internal abstract class WriteJob
{
    /// <summary>Runs inside a transaction of its own savepoint. An exception undoes this job alone.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>The transaction was committed.</summary>
    public abstract void Confirm();

    public abstract void Fail(Exception error);
}

internal sealed class WriteJob<T>(Func<SqliteSession, T> body, CancellationToken cancellationToken) : WriteJob
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Done => _done.Task;

    public override void Run(SqliteSession session)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _result = body(session);
    }

    public override void Confirm() => _done.TrySetResult(_result!);

    public override void Fail(Exception error)
    {
        if (error is OperationCanceledException canceled)
        {
            _done.TrySetCanceled(canceled.CancellationToken);
        }
        else
        {
            _done.TrySetException(error);
        }
    }
}
