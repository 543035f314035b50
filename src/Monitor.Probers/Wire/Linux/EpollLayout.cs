using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Monitor.Probers.Wire.Linux;

/// <summary>Bytes of epoll's events: what happened (32 bits), and the 64 bits that were given with the socket. On x64 they follow each other without a gap.</summary>
/// <param name="Size">Of one event.</param>
/// <param name="IdAt">Where the second part begins.</param>
internal readonly record struct EpollLayout(int Size, int IdAt)
{
    public static EpollLayout Of(Architecture architecture) => architecture == Architecture.X64 ? new EpollLayout(12, 4) : new EpollLayout(16, 8);

    public void Write(Span<byte> to, uint what, ulong id)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, what);
        BinaryPrimitives.WriteUInt64LittleEndian(to[IdAt..], id);
    }

    /// <summary>Of the event at <paramref name="index"/> in an array of them.</summary>
    public ulong Id(ReadOnlySpan<byte> events, int index) => BinaryPrimitives.ReadUInt64LittleEndian(events[((index * Size) + IdAt)..]);
}
