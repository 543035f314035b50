using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>Questions and answers over one connection. Owns it.</summary>
internal sealed class RespLink(WireLink link, RedisConfig config) : IAsyncDisposable
{
    /// <summary>All answers to one batch. Buffers grow with what arrives, up to this.</summary>
    public const int MaxAnswers = 3 * 1024 * 1024;

    private const int FirstBuffer = 8 * 1024;

    private readonly RespScanner _scanner = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _received;

    /// <summary>
    /// Sends all in one write and reads the answers. A server that answers some and closes (too many clients, protected mode) is heard:
    /// the answers that came are the value, with <see cref="RespAnswers.CutShort"/>.
    /// </summary>
    public async ValueTask<Outcome<RespAnswers>> AskAsync(ProbeRun run, RespRequest request, CancellationToken cancellationToken)
    {
        (_received, link.Finished) = (0, false);
        _scanner.Restart();
        run.WaitingFor = $"the answer to {request.NameOf(0)}";
        try
        {
            await link.Stream.WriteAsync(request.Bytes, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // It may have said why before it closed: what has arrived is still to be read.
            cancellationToken.ThrowIfCancellationRequested();
        }

        var answered = 0;
        WireFault? fault = null;
        while (answered < request.Count && fault is null)
        {
            switch (_scanner.Next(_buffer.AsSpan(0, _received)))
            {
                case RespStep.Complete:
                    answered++;
                    break;
                case RespStep.Broken:
                    fault = Strange(request.NameOf(answered), answered);
                    break;
                default:
                    run.WaitingFor = $"the answer to {request.NameOf(answered)}";
                    fault = await ReceiveAsync(run, cancellationToken);
                    break;
            }
        }

        link.Finished = fault is null;
        return fault is not null && answered == 0 ? fault : new RespAnswers(Decoded(answered), fault);
    }

    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask<WireFault?> ReceiveAsync(ProbeRun run, CancellationToken cancellationToken)
    {
        if (_received == _buffer.Length && !Grow())
        {
            return WireFault.Protocol($"more than {MaxAnswers} bytes came while waiting for {run.WaitingFor}");
        }

        try
        {
            var read = await link.Stream.ReadAsync(_buffer.AsMemory(_received), cancellationToken);
            _received += read;
            return read == 0 ? Closed(SocketFaults.OfExchange(new EndOfStreamException(), run.WaitingFor)) : null;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Closed(SocketFaults.OfExchange(e, run.WaitingFor));
        }
    }

    private WireFault Closed(WireFault fault) => _received == 0 && config.Tls is null && fault.Stage is not null
        ? fault with { Message = $"{fault.Message}, without a word: a TLS port does so when it is spoken to in plain; set tls if it is one" }
        : fault;

    /// <summary>What came is not what a Redis says.</summary>
    private WireFault Strange(string command, int answered)
    {
        var received = _buffer.AsSpan(0, _received);
        if (answered == 0 && WireText.Recognise(received) is { } other && received is not [(byte)'-', ..])
        {
            return WireFault.Protocol(other);
        }

        var (from, until) = (Math.Min(_scanner.At, _received), Math.Min(_received, _scanner.At + 200));
        var shown = until > from ? $": {WireText.Snippet(Encoding.Latin1.GetString(received[from..until]), config.Secrets)}" : "";
        return WireFault.Protocol($"{_scanner.Problem} (answer to {command}){shown}");
    }

    private bool Grow()
    {
        if (_buffer.Length >= MaxAnswers)
        {
            return false;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _received).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }

    private RespValue[] Decoded(int answered)
    {
        var answers = new RespValue[answered];
        var at = 0;
        for (var i = 0; i < answered; i++)
        {
            answers[i] = RespValue.Read(_buffer.AsMemory(0, _received), ref at);
        }

        return answers;
    }
}

/// <summary>What came of one batch, in its order.</summary>
/// <param name="CutShort">Why the others did not come; null: all are there.</param>
internal sealed record RespAnswers(RespValue[] Values, WireFault? CutShort)
{
    /// <summary>Kind <see cref="RespKind.Missing"/> where none came.</summary>
    public RespValue this[int index] => index < Values.Length ? Values[index] : default;
}
