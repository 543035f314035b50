using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Monitor.Probers.Wire.Linux;

/// <summary>
/// Connections by the kernel's own calls. What is decided at once (a server on this machine, a refusal by it) is told at once, without any waiting; one thread
/// waits for all others, and those that are decided together are told together. Through the runtime's sockets each check would pay for an object with
/// buffers it never uses, a thread that is woken and a hop to the pool: a fifth of a check.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process: its thread waits in the kernel for as long as there may be connections.")]
internal sealed class LinuxConnector : IConnector
{
    private const int MostAtOnce = 256;

    /// <summary>Who waits goes on on the pool, so many after one another: none of them may hold up the thread that tells the time of the others.</summary>
    private const int ToldByOne = 32;

    private readonly TimeProvider _time;
    private readonly Epoll _epoll;
    private readonly ConcurrentDictionary<ulong, ConnectAttempt> _waiting = new();
    private ulong _lastId;

    private LinuxConnector(TimeProvider time, Epoll epoll)
    {
        _time = time;
        _epoll = epoll;
        new Thread(Serve, 256 * 1024) { IsBackground = true, Name = "connector" }.Start();
    }

    /// <summary>Connections that nothing is known of yet.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Null where it cannot be: another system, a processor whose numbers are not known here, no handle left.</summary>
    public static LinuxConnector? TryStart(TimeProvider time) =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 && Epoll.Open() is { } epoll
            ? new LinuxConnector(time, epoll)
            : null;

    public ValueTask<ConnectEnd> ConnectAsync(IPEndPoint place, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (RawSocket.Open(place.AddressFamily, out var error) is not { } socket)
        {
            return ValueTask.FromResult(Failed(error));
        }

        var address = place.Serialize();
        error = socket.Connect(address);
        if (error == SocketError.AlreadyInProgress)
        {
            // Without leaving this machine it is decided by now.
            error = socket.Connect(address);
        }

        if (error == SocketError.AlreadyInProgress)
        {
            return WaitAsync(new ConnectAttempt(Interlocked.Increment(ref _lastId), socket, address), cancellationToken);
        }

        if (error == SocketError.Success)
        {
            return ValueTask.FromResult(new ConnectEnd(socket, error, _time.GetTimestamp()));
        }

        socket.Dispose();
        return ValueTask.FromResult(Failed(error));
    }

    private async ValueTask<ConnectEnd> WaitAsync(ConnectAttempt attempt, CancellationToken cancellationToken)
    {
        _waiting.TryAdd(attempt.Id, attempt);
        try
        {
            if (_epoll.Watch(attempt.Socket, attempt.Id) is not SocketError.Success and var error)
            {
                attempt.Socket.Dispose();
                return Failed(error);
            }

            var cancelling = cancellationToken.UnsafeRegister(static (attempt, token) => ((ConnectAttempt)attempt!).Cancel(token), attempt);
            try
            {
                return await attempt.End;
            }
            finally
            {
                cancelling.Unregister();
            }
        }
        finally
        {
            _waiting.TryRemove(attempt.Id, out _);
        }
    }

    private ConnectEnd Failed(SocketError error) => new(null, error, _time.GetTimestamp());

    private void Serve()
    {
        var events = Epoll.Events(MostAtOnce);
        var decided = new List<ConnectAttempt>(MostAtOnce);
        while (true)
        {
            var count = _epoll.Wait(events);
            var now = _time.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                // One that was cancelled meanwhile is not there any more.
                if (_waiting.TryGetValue(Epoll.Id(events, i), out var attempt) && attempt.IsDecided(_epoll, now))
                {
                    decided.Add(attempt);
                }
            }

            foreach (var together in decided.Chunk(ToldByOne))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static attempts => Tell(attempts), together, preferLocal: false);
            }

            decided.Clear();
        }
    }

    private static void Tell(ConnectAttempt[] attempts)
    {
        foreach (var attempt in attempts)
        {
            attempt.Tell();
        }
    }
}
