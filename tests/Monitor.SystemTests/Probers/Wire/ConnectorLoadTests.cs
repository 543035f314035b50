using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Monitor.Probers.Wire;
using Monitor.Probers.Wire.Linux;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Wire;

/// <summary>Many connections of the kernel's way at once. Sockets and threads are counted for the whole process, so these run alone.</summary>
[Collection(Alone.Name)]
public sealed class ConnectorLoadTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static LinuxConnector Connector => (LinuxConnector)ProbeBench.Connector;

    [Fact]
    public async Task Two_thousand_that_wait_together_are_let_in_or_cancelled_and_none_is_left()
    {
        using var listener = new FullListener(IPAddress.Loopback);
        await Eventually.TrueAsync("the pool is quiet", () => Connector.Waiting == 0, Stop);
        var before = Sockets();
        using var cancelled = new CancellationTokenSource();
        var connecting = Enumerable.Range(0, 2000)
            .Select(i => Connector.ConnectAsync(listener.Place, i % 2 == 0 ? Stop : cancelled.Token).AsTask()).ToArray();
        Assert.Equal(2000, Connector.Waiting);
        await cancelled.CancelAsync();
        await ((Task)Task.WhenAll(connecting.Where((_, i) => i % 2 == 1))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.All(connecting.Where((_, i) => i % 2 == 1), attempt => Assert.True(attempt.IsCanceled));
        Assert.Equal(before + 1000, Sockets());

        listener.Widen();
        var ends = await Task.WhenAll(connecting.Where((_, i) => i % 2 == 0)).WaitAsync(TimeSpan.FromSeconds(20), Stop);
        Assert.All(ends, end => Assert.Equal(SocketError.Success, end.Error));
        foreach (var end in ends)
        {
            end.Connection!.Dispose();
        }

        Assert.Equal(0, Connector.Waiting);
        Assert.Equal(before, Sockets());
    }

    [Fact]
    public async Task Two_thousand_at_once_to_a_server_that_accepts_need_no_thread_more()
    {
        await using var server = new TcpServer();
        var place = new IPEndPoint(IPAddress.Loopback, server.Port);

        // The server's own first steps need threads that stay.
        (await Connector.ConnectAsync(place, Stop)).Connection!.Dispose();
        await Eventually.TrueAsync("the server has begun", () => server.Accepted == 1, Stop);
        var (sockets, threads) = (Sockets(), Threads());
        var ends = await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => Connector.ConnectAsync(place, Stop).AsTask()));
        Assert.All(ends, end => Assert.Equal(SocketError.Success, end.Error));
        foreach (var end in ends)
        {
            end.Connection!.Dispose();
        }

        Assert.Equal(0, Connector.Waiting);
        await Eventually.TrueAsync("the server has had them all", () => server.Accepted == 2001, Stop);
        await NoMoreThanAsync(sockets);
        Assert.InRange(Threads(), 1, threads + 8);
    }

    [Fact]
    public async Task Five_hundred_that_are_refused_at_once_or_later_leave_nothing()
    {
        var before = Sockets();
        var listener = new FullListener(IPAddress.Loopback);
        var closed = new IPEndPoint(IPAddress.Loopback, ProbeBench.ClosedPort());
        var connecting = Enumerable.Range(0, 500).Select(_ => Connector.ConnectAsync(listener.Place, Stop).AsTask()).ToArray();
        Assert.Equal(500, Connector.Waiting);
        listener.Dispose();
        var refused = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Connector.ConnectAsync(closed, Stop).AsTask()));
        Assert.All(refused.Concat(await Task.WhenAll(connecting)), end => Assert.Equal(SocketError.ConnectionRefused, end.Error));
        Assert.Equal(0, Connector.Waiting);
        Assert.Equal(before, Sockets());
    }

    /// <summary>A number that were closed twice would by then be another's: of these pipes, which would break.</summary>
    [Fact]
    public async Task Cancelling_at_any_moment_closes_nothing_of_anybody_else()
    {
        using var listener = new FullListener(IPAddress.Loopback, full: false);
        using var full = new FullListener(IPAddress.Loopback);
        var before = Sockets();
        await Parallel.ForAsync(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Stop }, async (i, _) =>
        {
            using var moment = new CancellationTokenSource();
            var connecting = Connector.ConnectAsync(i % 3 == 0 ? listener.Place : full.Place, moment.Token).AsTask();
            var cancelling = Task.Run(moment.Cancel, Stop);
            var path = Path.GetTempFileName();
            await using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                await file.WriteAsync(BitConverter.GetBytes(i), Stop);
                try
                {
                    (await connecting).Connection?.Dispose();
                }
                catch (OperationCanceledException)
                {
                    // As asked.
                }

                await cancelling;
                var read = new byte[4];
                file.Position = 0;
                await file.ReadExactlyAsync(read, Stop);
                Assert.Equal(i, BitConverter.ToInt32(read));
            }
        });
        Assert.Equal(0, Connector.Waiting);
        await NoMoreThanAsync(before);
    }

    [Fact]
    public async Task Without_a_free_handle_it_is_this_monitors_own_trouble_either_way()
    {
        using var listener = new FullListener(IPAddress.Loopback, full: false);
        var runtime = new RuntimeConnector(TimeProvider.System);

        // What an error loads for the first time comes from files as well.
        await runtime.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ProbeBench.ClosedPort()), Stop);
        Assert.Equal(0, GetLimit(OpenFiles, out var limit));
        Task<ConnectEnd> one, other;
        LinuxConnector? late;
        var none = limit with { Soft = 3 };
        Assert.Equal(0, SetLimit(OpenFiles, none));
        try
        {
            one = Connector.ConnectAsync(listener.Place, Stop).AsTask();
            other = runtime.ConnectAsync(listener.Place, Stop).AsTask();
            late = LinuxConnector.TryStart(TimeProvider.System);
        }
        finally
        {
            Assert.Equal(0, SetLimit(OpenFiles, limit));
        }

        Assert.Equal(SocketError.TooManyOpenSockets, (await one).Error);
        Assert.Equal(SocketError.TooManyOpenSockets, (await other).Error);

        // A silo that starts like this goes by the runtime's sockets.
        Assert.Null(late);
        using var again = (await Connector.ConnectAsync(listener.Place, Stop)).Connection;
        Assert.NotNull(again);
    }

    private const int OpenFiles = 7;

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limit(ulong Soft, ulong Hard);

    [DllImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int what, out Limit limit);

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int what, in Limit limit);

    /// <summary>Open in this process. Other handles come and go by themselves: the runtime's own files.</summary>
    private static int Sockets() => Directory.GetFileSystemEntries("/proc/self/fd").Count(path => Kind(path).StartsWith("socket:", StringComparison.Ordinal));

    private static string Kind(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name ?? "";
        }
        catch (IOException)
        {
            // Closed meanwhile; the listing itself is one of them.
            return "";
        }
    }

    /// <summary>The server in this process closes its ends a moment later.</summary>
    private static async Task NoMoreThanAsync(int sockets)
    {
        try
        {
            await Eventually.TrueAsync("nothing is left open", () => Sockets() <= sockets, Stop, TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{sockets} sockets before, {Sockets()} after");
        }
    }

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
