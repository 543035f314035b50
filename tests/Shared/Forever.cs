namespace Monitor.Tests.Shared;

/// <summary>What never answers, until whoever waits for it gives up.</summary>
public static class Forever
{
    /// <exception cref="OperationCanceledException">It was cancelled: the only way that it ends.</exception>
    public static Task UntilCancelledAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
}
