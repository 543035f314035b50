using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Monitor.Probers.Wire.Linux;

/// <summary>Waits for many sockets at once. A socket that is closed leaves it by itself.</summary>
internal sealed class Epoll : SafeHandleMinusOneIsInvalid
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;

    /// <summary>Once, when it can be written to: that is when a connection was decided on; errors are told always.</summary>
    private const uint Decided = 0x4 | (1u << 30);

    private static readonly EpollLayout Layout = EpollLayout.Of(RuntimeInformation.ProcessArchitecture);

    private Epoll(int number)
        : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Room for the news of so many sockets.</summary>
    public static byte[] Events(int most) => new byte[most * Layout.Size];

    public static ulong Id(ReadOnlySpan<byte> events, int index) => Layout.Id(events, index);

    /// <summary>Null: this process or system gives none.</summary>
    public static Epoll? Open()
    {
        var number = LibC.EpollCreate(CloseOnExec);
        return number == -1 ? null : new Epoll(number);
    }

    /// <summary>Tells <paramref name="id"/> once when there is news of the socket.</summary>
    public SocketError Watch(RawSocket socket, ulong id) => Set(Add, socket, id);

    /// <summary>Once more, of a socket that was told of.</summary>
    public SocketError WatchAgain(RawSocket socket, ulong id) => Set(Modify, socket, id);

    /// <summary>Blocks until there is news, and answers of how many sockets.</summary>
    public int Wait(Span<byte> events)
    {
        while (true)
        {
            var count = LibC.EpollWait(this, events, events.Length / Layout.Size, -1);
            if (count >= 0)
            {
                return count;
            }

            if (Marshal.GetLastPInvokeError() is not Errno.Interrupted and var error)
            {
                throw new InvalidOperationException($"epoll cannot be waited for: errno {error}");
            }
        }
    }

    protected override bool ReleaseHandle()
    {
        _ = LibC.Close(handle);
        return true;
    }

    private SocketError Set(int operation, RawSocket socket, ulong id)
    {
        Span<byte> what = stackalloc byte[16];
        Layout.Write(what, Decided, id);
        return LibC.EpollControl(this, operation, socket, what) == 0 ? SocketError.Success : Errno.Of(Marshal.GetLastPInvokeError());
    }
}
