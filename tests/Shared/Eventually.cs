using System.Diagnostics;

namespace Monitor.Tests.Shared;

/// <summary>
/// Waits for something outside this process that cannot tell us when it happens (another process's page, file or port): looks every 25 ms, after a while less often:
/// what takes seconds is kept up by forty questions a second.
/// The only place where tests wait by the clock; what gives up says which thing never came.
/// </summary>
public static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LaterStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(2);

    public static async Task TrueAsync(string what, Func<Task<bool>> look, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        await GetAsync(what, async () => await look() ? what : null, cancellationToken, patience);

    public static async Task TrueAsync(string what, Func<bool> look, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        await GetAsync(what, () => Task.FromResult(look() ? what : null), cancellationToken, patience);

    /// <summary>The first answer that is not null.</summary>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> look, CancellationToken cancellationToken, TimeSpan? patience = null)
        where T : class
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }

            var waited = Stopwatch.GetElapsedTime(began);
            if (waited > (patience ?? Patience))
            {
                throw new TimeoutException($"within {(patience ?? Patience).TotalSeconds:0.#} s this never came true: {what}");
            }

            await Task.Delay(waited < Later ? Step : LaterStep, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Lets time pass in which something must not happen: the only use of a plain pause.</summary>
    public static Task NothingForAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, TimeProvider.System, cancellationToken);
}
