using System.Buffers;

namespace Monitor.Probers.Http;

/// <summary>Counts a body and keeps its beginning. What is kept is bounded; what is counted is not.</summary>
/// <param name="keep">How many bytes to keep at most.</param>
public sealed class BodySink(int keep) : IDisposable
{
    private byte[] _kept = [];
    private int _length;

    public long Count { get; private set; }

    public ReadOnlyMemory<byte> Kept => _kept.AsMemory(0, _length);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Count += bytes.Length;
        var take = Math.Min(bytes.Length, keep - _length);
        if (take <= 0)
        {
            return;
        }

        if (_length + take > _kept.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + take, Math.Min(keep, _kept.Length * 2)));
            Kept.Span.CopyTo(larger);
            Dispose();
            _kept = larger;
        }

        bytes[..take].CopyTo(_kept.AsSpan(_length));
        _length += take;
    }

    public void Dispose()
    {
        if (_kept.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_kept);
            _kept = [];
        }
    }
}
