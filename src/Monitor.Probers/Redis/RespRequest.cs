using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Monitor.Probers.Redis;

/// <summary>Commands that are sent in one write.</summary>
internal sealed class RespRequest : IDisposable
{
    private const int FirstBuffer = 1024;

    private readonly List<string[]> _commands = new(8);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _length;

    public int Count => _commands.Count;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    public RespRequest Add(params string[] words)
    {
        _commands.Add(words);
        Announce('*', words.Length);
        foreach (var word in words)
        {
            var size = Encoding.UTF8.GetByteCount(word);
            Announce('$', size);
            Room(size + 2);
            _length += Encoding.UTF8.GetBytes(word, _buffer.AsSpan(_length));
            LineEnd();
        }

        return this;
    }

    /// <summary>What a person calls the command; never its secrets.</summary>
    public string NameOf(int command) => _commands[command][0] == "AUTH" ? "AUTH" : string.Join(' ', _commands[command]);

    public void Dispose()
    {
        // It holds the password.
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = [];
        _length = 0;
    }

    private void Announce(char kind, int number)
    {
        Room(16);
        _buffer[_length++] = (byte)kind;
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
        LineEnd();
    }

    private void LineEnd()
    {
        _buffer[_length++] = (byte)'\r';
        _buffer[_length++] = (byte)'\n';
    }

    private void Room(int more)
    {
        if (_buffer.Length - _length >= more)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = larger;
    }
}
