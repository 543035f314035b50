using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Monitor.Probers.Wire.Linux;

/// <summary>A TCP socket that never blocks. The handle counts its users: no call meets a number that was closed meanwhile and is another's by now.</summary>
internal sealed class RawSocket : SafeHandleMinusOneIsInvalid
{
    private const int Stream = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    private RawSocket(int number)
        : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Null with the error when there is none to be had.</summary>
    public static RawSocket? Open(AddressFamily family, out SocketError error)
    {
        var number = LibC.Socket(family == AddressFamily.InterNetworkV6 ? 10 : 2, Stream | NonBlocking | CloseOnExec, 0);
        error = number == -1 ? Errno.Of(Marshal.GetLastPInvokeError()) : SocketError.Success;
        return number == -1 ? null : new RawSocket(number);
    }

    /// <summary>
    /// Called once it begins the connection; called again it says what has become of it, and takes the error away with it: a third call would begin anew.
    /// </summary>
    /// <returns>Success: connected. AlreadyInProgress: not known yet.</returns>
    public SocketError Connect(SocketAddress place)
    {
        if (LibC.Connect(this, place.Buffer.Span, place.Size) == 0)
        {
            return SocketError.Success;
        }

        return Errno.Of(Marshal.GetLastPInvokeError()) switch
        {
            SocketError.IsConnected => SocketError.Success,
            SocketError.InProgress => SocketError.AlreadyInProgress,
            var error => error,
        };
    }

    /// <summary>Whatever close says, the number is free after it: to close it once more would hit another's.</summary>
    protected override bool ReleaseHandle()
    {
        _ = LibC.Close(handle);
        return true;
    }
}
