using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Monitor.Core.Configs.Cassandra;

namespace Monitor.Probers.Cassandra;

/// <summary>Requests, one behind the other, until they are sent in one write.</summary>
internal sealed class CqlRequests
{
    private const byte PageSizeFlag = 0x04;

    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public void Clear() => _bytes.ResetWrittenCount();

    public void Options(int version, int stream) => Header(version, stream, CqlOpcode.Options, 0);

    /// <param name="named">Whether to say who asks: it shows in <c>system_views.clients</c>.</param>
    public void Startup(int version, int stream, bool named)
    {
        ReadOnlySpan<string> pairs = named ? ["CQL_VERSION", "3.0.0", "DRIVER_NAME", "monitor"] : ["CQL_VERSION", "3.0.0"];
        var length = 2;
        foreach (var text in pairs)
        {
            length += 2 + text.Length;
        }

        Header(version, stream, CqlOpcode.Startup, length);
        Short(pairs.Length / 2);
        foreach (var text in pairs)
        {
            Short(text.Length);
            Text(text);
        }
    }

    public void AuthResponse(int version, int stream, ReadOnlySpan<byte> token)
    {
        Header(version, stream, CqlOpcode.AuthResponse, 4 + token.Length);
        Int(token.Length);
        _bytes.Write(token);
    }

    /// <param name="pageSize">Rows of the first answer at most; 0: as many as there are.</param>
    public void Query(int version, int stream, string cql, CqlConsistency consistency, int pageSize = 0)
    {
        var text = Encoding.UTF8.GetByteCount(cql);
        var flags = version >= 5 ? 4 : 1;
        Header(version, stream, CqlOpcode.Query, 4 + text + 2 + flags + (pageSize > 0 ? 4 : 0));
        Int(text);
        Text(cql);
        Short((int)consistency);

        // An [int] since protocol 5.
        var flag = pageSize > 0 ? PageSizeFlag : 0;
        if (version >= 5)
        {
            Int(flag);
        }
        else
        {
            _bytes.Write<byte>([(byte)flag]);
        }

        if (pageSize > 0)
        {
            Int(pageSize);
        }
    }

    private void Header(int version, int stream, CqlOpcode opcode, int length)
    {
        _bytes.Write<byte>([(byte)version, 0]);
        Short(stream);
        _bytes.Write<byte>([(byte)opcode]);
        Int(length);
    }

    private void Short(int number)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.GetSpan(2), (ushort)number);
        _bytes.Advance(2);
    }

    private void Int(int number)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(4), number);
        _bytes.Advance(4);
    }

    private void Text(string text) => _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
