using System.Buffers.Binary;

namespace Monitor.Probers.Cassandra;

/// <summary>One message of a server.</summary>
/// <param name="Body">Lies in the channel's buffer: valid until the next one is read. Empty where it was left unread.</param>
internal readonly record struct CqlFrame(CqlHeader Header, ReadOnlyMemory<byte> Body)
{
    private const int Compressed = 0x01;
    private const int Tracing = 0x02;
    private const int Payload = 0x04;
    private const int Warnings = 0x08;

    public CqlOpcode Opcode => Header.Opcode;

    public int Stream => Header.Stream;

    public bool IsCompressed => (Header.Flags & Compressed) != 0;

    /// <summary>The message itself, behind what the flags put before it; where it begins in <see cref="Body"/>.</summary>
    public int MessageStart()
    {
        var body = new CqlBody(Body.Span);
        if ((Header.Flags & Tracing) != 0)
        {
            body.Take(16);
        }

        if ((Header.Flags & Warnings) != 0)
        {
            body.SkipTexts();
        }

        if ((Header.Flags & Payload) != 0)
        {
            body.SkipBytesMap();
        }

        return body.Failed ? Body.Length : body.Position;
    }

    public ReadOnlyMemory<byte> Message => Header.Flags == 0 ? Body : Body[MessageStart()..];
}

/// <summary>The nine bytes before every message, the same from protocol 3 to 5.</summary>
internal readonly record struct CqlHeader(int Version, int Flags, int Stream, CqlOpcode Opcode, int Length)
{
    public const int Size = 9;

    /// <summary>Of the protocol; whoever announces more does not speak it.</summary>
    public const int ProtocolMax = 256 * 1024 * 1024;

    /// <summary>Whether an answer in any version of the protocol may begin like this.</summary>
    public static bool CanBegin(byte first) => first is >= 0x81 and <= 0x86;

    /// <param name="bytes">At least <see cref="Size"/>.</param>
    public static CqlHeader Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0] & 0x7F, bytes[1], BinaryPrimitives.ReadInt16BigEndian(bytes[2..]), (CqlOpcode)bytes[4], BinaryPrimitives.ReadInt32BigEndian(bytes[5..]));
}
