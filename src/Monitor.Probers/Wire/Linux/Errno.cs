using System.Net.Sockets;

namespace Monitor.Probers.Wire.Linux;

/// <summary>Linux's error numbers (x64 and arm64) by the names that the runtime gives them, so that an error is worded the same whichever way it came.</summary>
internal static class Errno
{
    public const int Interrupted = 4;

    public static SocketError Of(int number) => number switch
    {
        0 => SocketError.Success,
        1 or 13 => SocketError.AccessDenied,
        Interrupted => SocketError.Interrupted,
        11 => SocketError.WouldBlock,
        23 or 24 => SocketError.TooManyOpenSockets,

        // ENOMEM, ENOSPC (too many watched by epoll), ENOBUFS: the runtime has no name for the first two, but they are this system's trouble as well.
        12 or 28 or 105 => SocketError.NoBufferSpaceAvailable,
        22 => SocketError.InvalidArgument,
        97 => SocketError.AddressFamilyNotSupported,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        102 => SocketError.NetworkReset,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        106 => SocketError.IsConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        114 => SocketError.AlreadyInProgress,
        115 => SocketError.InProgress,
        _ => SocketError.SocketError,
    };
}
