using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Monitor.Probers.Ping;

/// <summary>
/// A packet filter in the kernel for raw sockets, which otherwise are handed every ICMP packet of the peer: with a hundred probes of one host at once their
/// queues overflowed, and answers that had come were counted as lost.
/// </summary>
internal static class EchoFilter
{
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    // Classic BPF, as <linux/filter.h> has it.
    private const ushort LoadHeaderLength = 0xB1;
    private const ushort LoadHalfFromHeader = 0x48;
    private const ushort LoadByteFromHeader = 0x50;
    private const ushort LoadHalf = 0x28;
    private const ushort LoadByte = 0x30;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Return = 0x06;

    /// <summary>Lets answers with this identifier through only. Where the system has no such filter, the reader sorts out the rest.</summary>
    public static void Attach(Socket socket, bool v6, ushort id)
    {
        if (!OperatingSystem.IsLinux() || IntPtr.Size != 8 || !BitConverter.IsLittleEndian)
        {
            return;
        }

        var program = Program(v6, id);
        var pinned = GCHandle.Alloc(program, GCHandleType.Pinned);
        try
        {
            Span<byte> option = stackalloc byte[16];
            option.Clear();
            MemoryMarshal.Write(option, (ushort)program.Length);
            MemoryMarshal.Write(option[8..], pinned.AddrOfPinnedObject());
            socket.SetRawSocketOption(SocketLevel, AttachFilter, option);
        }
        catch (SocketException)
        {
            // A kernel without filters: slower, not wrong.
        }
        finally
        {
            pinned.Free();
        }
    }

    private static ulong[] Program(bool v6, ushort id) => v6
        ?
        [
            Step(LoadHalf, 0, 4),
            Step(JumpIfEqual, 3, id),
            Step(LoadByte, 0, 0),
            Step(JumpIfEqual, 1, 129),
            Step(Return, 0, 0x40000),
            Step(Return, 0, 0),
        ]
        :
        [
            Step(LoadHeaderLength, 0, 0),
            Step(LoadHalfFromHeader, 0, 4),
            Step(JumpIfEqual, 3, id),
            Step(LoadByteFromHeader, 0, 0),
            Step(JumpIfEqual, 1, 0),
            Step(Return, 0, 0x40000),
            Step(Return, 0, 0),
        ];

    /// <summary><c>struct sock_filter</c> of a little-endian machine: code, steps to skip when equal (none), when not, value.</summary>
    private static ulong Step(ushort code, byte skipUnlessEqual, uint value) => code | ((ulong)skipUnlessEqual << 24) | ((ulong)value << 32);
}
