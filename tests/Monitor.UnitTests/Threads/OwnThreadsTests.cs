using System.Collections.Concurrent;
using Monitor.Core.Threads;
using Xunit;

namespace Monitor.UnitTests.Threads;

public sealed class OwnThreadsTests
{
    [Fact]
    public async Task One_that_hangs_holds_up_nothing_else_and_a_thread_is_used_again()
    {
        using var threads = new OwnThreads("one by one", int.MaxValue, Timeout.InfiniteTimeSpan);
        using var gate = new ManualResetEventSlim();
        var hung = Run(threads, () => gate.Wait(TestContext.Current.CancellationToken));
        var seen = new HashSet<int>();
        for (var i = 0; i < 100; i++)
        {
            seen.Add(await Run(threads, () => { }));
        }

        // One may be started while the other is on its way back to sleep.
        Assert.InRange(seen.Count, 1, 20);
        Assert.False(hung.IsCompleted);
        gate.Set();
        Assert.DoesNotContain(await hung, seen);
    }

    [Fact]
    public async Task One_thread_does_things_in_their_order_and_what_was_taken_before_the_end_is_done()
    {
        var threads = new OwnThreads("in order", 1, Timeout.InfiniteTimeSpan);
        using var gate = new ManualResetEventSlim();
        var done = new ConcurrentQueue<int>();
        var first = Run(threads, () => gate.Wait(TestContext.Current.CancellationToken));
        var all = Enumerable.Range(0, 50).Select(number => Run(threads, () => done.Enqueue(number))).ToArray();
        threads.Dispose();
        Assert.False(threads.Post(() => done.Enqueue(-1)));
        gate.Set();
        Assert.Single((await Task.WhenAll(all)).Append(await first).Distinct());
        Assert.Equal(Enumerable.Range(0, 50), done);
    }

    [Fact]
    public async Task No_more_threads_than_allowed_and_none_is_lost_when_threads_end_and_begin()
    {
        using var threads = new OwnThreads("few", 3, TimeSpan.FromMilliseconds(1));
        for (var round = 0; round < 20; round++)
        {
            var (now, most) = (0, 0);
            await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Run(threads, () =>
            {
                var here = Interlocked.Increment(ref now);
                InterlockedMax(ref most, here);
                Thread.Yield();
                Interlocked.Decrement(ref now);
            })));
            Assert.InRange(most, 1, 3);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int before;
        while ((before = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, before) != before)
        {
        }
    }

    /// <summary>Answers which thread did it.</summary>
    private static Task<int> Run(OwnThreads threads, Action what)
    {
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(threads.Post(() =>
        {
            what();
            done.SetResult(Environment.CurrentManagedThreadId);
        }));
        return done.Task;
    }
}
