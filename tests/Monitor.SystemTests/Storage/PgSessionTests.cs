using Monitor.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Monitor.SystemTests.Storage;

public sealed class PgSessionTests(SharedPostgres shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// Npgsql registers a callback on the token that it is given, and that throws when the connection ends at the moment of the cancelling. A silo was ended by it: its token belonged to a timer,
    /// and nobody catches what a timer throws.
    /// </summary>
    [Fact]
    public async Task What_a_connection_that_ends_throws_while_it_is_cancelled_does_not_reach_whoever_cancels()
    {
        await using var pool = NpgsqlDataSource.Create(await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token));
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var called = 0;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = PgSession.RunAsync(pool, async session =>
        {
            await using var before = session.CancellationToken.UnsafeRegister(_ => Fail(), null);
            var sleep = session.ExecuteAsync("SELECT pg_sleep(60)");
            await using var after = session.CancellationToken.UnsafeRegister(_ => Fail(), null);
            begun.SetResult();
            return await sleep;
        }, caller.Token);
        await begun.Task.WaitAsync(Token);

        await caller.CancelAsync();

        // What is under way is cancelled nevertheless, whoever else threw.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.Equal(2, called);

        void Fail()
        {
            called++;
            throw new ObjectDisposedException("connector");
        }
    }

    [Fact]
    public async Task Who_has_cancelled_before_gets_no_connection()
    {
        await using var pool = NpgsqlDataSource.Create(await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token));
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PgSession.RunAsync(pool, session => session.NumberAsync("SELECT 1"), caller.Token));
    }
}
