using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Monitor.Probers.Kafka;

/// <summary>Requests in Kafka's form, one behind the other in one buffer, so that a batch costs one write. Big-endian.</summary>
/// <param name="clientId">What the broker's own log and quotas know the probe by.</param>
/// <param name="firstCorrelation">Of the first request; the following count on. Every batch begins anew: all of the one before has been answered.</param>
public sealed class RequestWriter(string clientId = "monitor-probe", int firstCorrelation = 1) : IDisposable
{
    private readonly List<KafkaApi> _asked = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);
    private int _length;
    private int _frame = -1;

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<KafkaApi> Asked => _asked;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Comes back with the answer to the request at this place of the batch.</summary>
    public int Correlation(int index) => firstCorrelation + index;

    /// <param name="flexible">The request's header is of the newer kind, with tagged fields.</param>
    public RequestWriter Begin(KafkaApi api, short version, bool flexible = false)
    {
        _frame = _length;
        Int32(0).Int16((short)api).Int16(version).Int32(Correlation(_asked.Count)).Text(clientId);
        _asked.Add(api);
        return flexible ? Tags() : this;
    }

    /// <summary>Ends the request: its length is known now.</summary>
    public void End() => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_frame), _length - _frame - sizeof(int));

    public RequestWriter Int8(sbyte value)
    {
        Room(sizeof(byte))[0] = (byte)value;
        return this;
    }

    public RequestWriter Flag(bool value) => Int8(value ? (sbyte)1 : (sbyte)0);

    public RequestWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Room(sizeof(short)), value);
        return this;
    }

    public RequestWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), value);
        return this;
    }

    public RequestWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), value);
        return this;
    }

    public RequestWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Int16(checked((short)length));
        Encoding.UTF8.GetBytes(value, Room(length));
        return this;
    }

    public RequestWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        return Raw(value);
    }

    public RequestWriter Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        return this;
    }

    /// <summary>The newer form: the length + 1 in seven bits a byte, then the text.</summary>
    public RequestWriter CompactText(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        CompactCount(length);
        Encoding.UTF8.GetBytes(value, Room(length));
        return this;
    }

    public RequestWriter CompactCount(int count)
    {
        var value = (uint)count + 1;
        while (value >= 0x80)
        {
            Room(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Room(1)[0] = (byte)value;
        return this;
    }

    /// <summary>No tagged fields.</summary>
    public RequestWriter Tags() => Int8(0);

    public void Dispose()
    {
        // A login's password was in it.
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = [];
        _length = 0;
    }

    private Span<byte> Room(int size)
    {
        if (_length + size > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + size));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = larger;
        }

        var room = _buffer.AsSpan(_length, size);
        _length += size;
        return room;
    }
}
