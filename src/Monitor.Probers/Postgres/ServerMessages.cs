using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Postgres;

/// <summary>
/// What a server sends, looked at message by message before Npgsql gets it: Npgsql takes an announced length at its word and makes a buffer of two
/// gigabytes for it, computes as many rounds of SCRAM as a server likes, and falls back to the environment's password where none is set. Also tells
/// how far the login has come. No I/O: bytes come in, whole messages go out.
/// </summary>
/// <param name="hasPassword">False: a server that asks for one is refused.</param>
internal sealed class ServerMessages(bool hasPassword) : IDisposable
{
    public const int MaxLoginMessage = 64 * 1024;
    public const int MaxMessage = 1024 * 1024;
    public const long MaxTotal = 16 * 1024 * 1024;

    /// <summary>PostgreSQL's own is 4096; each costs about a quarter of a microsecond.</summary>
    public const int MaxIterations = 200_000;

    private const int Header = 5;
    private const int FirstBuffer = 8 * 1024;
    private const int MostShown = 200;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _filled;
    private int _passable;
    private long _total;
    private bool _disposed;

    public LoginStep Step { get; private set; }

    /// <summary>Once set, nothing more may pass.</summary>
    public WireFault? Fault { get; private set; }

    /// <summary>Bytes held: never more than the largest message that is let through, and no more than have arrived (rounded up to a power of two).</summary>
    public int Held => _buffer.Length;

    /// <summary>Whole messages that may be passed on; <see cref="Passed"/> says that they were.</summary>
    public ReadOnlyMemory<byte> Whole => _buffer.AsMemory(0, _passable);

    /// <summary>Where to put what arrives next; never empty.</summary>
    public Memory<byte> Room()
    {
        if (_filled == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_filled);
    }

    public void Received(int count)
    {
        _filled += count;
        _total += count;
        while (Fault is null && _filled - _passable >= Header)
        {
            if (Step == LoginStep.Nothing && IsOldRefusal(_buffer.AsSpan(_passable, _filled - _passable), out var whole))
            {
                Fault = whole ? Stranger() : null;
                break;
            }

            var type = _buffer[_passable];
            var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_passable + 1));
            Fault = Judge(type, length);
            if (Fault is not null || _filled - _passable < length + 1)
            {
                break;
            }

            Inspect(type, _buffer.AsSpan(_passable + Header, (int)length + 1 - Header));
            _passable += Fault is null ? (int)length + 1 : 0;
        }

        if (_total > MaxTotal)
        {
            Fault ??= WireFault.Protocol($"the server sent more than {MaxTotal} bytes");
        }
    }

    public void Passed()
    {
        _filled -= _passable;
        _buffer.AsSpan(_passable, _filled).CopyTo(_buffer);
        _passable = 0;
    }

    /// <summary>The server has closed; what came may still say what kind of server it is.</summary>
    public void Ended()
    {
        if (Step == LoginStep.Nothing && _filled > 0 && Fault is null)
        {
            Fault = Stranger();
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    /// <summary>What kind of server answers like this, where it is not PostgreSQL.</summary>
    public static WireFault NotPostgres(ReadOnlySpan<byte> received) => WireFault.Protocol(
        WireText.IsTlsAlert(received) ? "the server answered with a TLS alert: it speaks TLS on this port, and not PostgreSQL's way of it"
        : WireText.Recognise(received) ?? $"this is not a PostgreSQL server: it answered {WireText.Snippet(Encoding.Latin1.GetString(received), [])}");

    private WireFault? Judge(byte type, uint length)
    {
        if (Step == LoginStep.Nothing && (type is not ((byte)'R' or (byte)'E' or (byte)'N' or (byte)'v') || length is < 4 or > MaxLoginMessage))
        {
            return Stranger();
        }

        var name = Name(type);
        var max = Step == LoginStep.Ready ? MaxMessage : MaxLoginMessage;
        if (length < 4 || length > max)
        {
            return WireFault.Protocol($"a message ({name}) of {length} bytes was announced; between 4 and {max} are read");
        }

        return (Step == LoginStep.Ready ? "123TDCZENSnIAts"u8 : "RENvSKZ"u8).Contains(type) ? null
            : type is (byte)'G' or (byte)'H' or (byte)'W' ? WireFault.Protocol("the server began a COPY, which is no answer to a query with one value")
            : WireFault.Protocol($"the server sent a message ({name}) that does not belong here");
    }

    private void Inspect(byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case (byte)'R' when Step != LoginStep.Ready && body.Length < 4:
                Fault = WireFault.Protocol("the server's request for a login is cut short");
                break;
            case (byte)'R' when Step != LoginStep.Ready:
                Fault = Authentication(BinaryPrimitives.ReadInt32BigEndian(body), body[4..]);
                break;
            case (byte)'Z' when Step is LoginStep.Accepted:
                Step = LoginStep.Ready;
                break;
            case (byte)'Z' when Step != LoginStep.Ready:
                Fault = WireFault.Protocol("the server said that it is ready before it had let the user in");
                break;
            default:
                Step = Step == LoginStep.Nothing ? LoginStep.Answered : Step;
                break;
        }
    }

    private WireFault? Authentication(int kind, ReadOnlySpan<byte> rest)
    {
        if (kind is 3 or 5 or 10 && !hasPassword)
        {
            return new WireFault(FailureStage.Authentication, "the server asks for a password, and none is set");
        }

        Step = kind switch { 0 => LoginStep.Accepted, 3 or 5 or 10 => LoginStep.PasswordAsked, _ => Step };
        return kind switch
        {
            0 or 3 or 5 or 12 => null,
            10 => Mechanisms(rest),
            11 => Iterations(rest),
            _ => new WireFault(FailureStage.Authentication, $"the server asks for {Method(kind)}, which this monitor does not speak; let the user log in by password"),
        };
    }

    private static WireFault? Mechanisms(ReadOnlySpan<byte> list)
    {
        var offered = Encoding.Latin1.GetString(list).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return offered.Contains("SCRAM-SHA-256", StringComparer.Ordinal)
            ? null
            : new WireFault(FailureStage.Authentication, $"the server offers only {WireText.Snippet(string.Join(", ", offered), [])}; this monitor speaks SCRAM-SHA-256");
    }

    /// <summary>What is malformed is Npgsql's to refuse.</summary>
    private static WireFault? Iterations(ReadOnlySpan<byte> message)
    {
        foreach (var part in Encoding.Latin1.GetString(message).Split(','))
        {
            if (part.StartsWith("i=", StringComparison.Ordinal)
                && (!int.TryParse(part.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxIterations))
            {
                return new WireFault(FailureStage.Authentication, $"the server asks for {WireText.Snippet(part[2..], [])} rounds of SCRAM; at most {MaxIterations} are computed");
            }
        }

        return null;
    }

    /// <summary>A server that cannot even start a session says so in the old form: E, then text up to a zero.</summary>
    private static bool IsOldRefusal(ReadOnlySpan<byte> received, out bool whole)
    {
        whole = received.Contains((byte)0) || received.Length >= MostShown;
        return received.Length > 2 && received[0] == (byte)'E' && received[1] is >= (byte)' ' and < 0x7F;
    }

    private WireFault Stranger()
    {
        var received = _buffer.AsSpan(_passable, Math.Min(_filled - _passable, MostShown));
        return IsOldRefusal(received, out _)
            ? new WireFault(FailureStage.Authentication, $"the server refused: {WireText.Snippet(Encoding.UTF8.GetString(received[1..]).Split('\0')[0].Trim(), [])}")
            : NotPostgres(received);
    }

    private static string Name(byte type) => type is > (byte)' ' and < 0x7F ? $"'{(char)type}'" : string.Create(CultureInfo.InvariantCulture, $"0x{type:X2}");

    private static string Method(int kind) => kind switch
    {
        2 => "Kerberos V5",
        6 => "SCM credentials",
        7 or 8 => "GSSAPI",
        9 => "SSPI",
        _ => string.Create(CultureInfo.InvariantCulture, $"the unknown login method {kind}"),
    };
}

/// <summary>How far a login has come.</summary>
internal enum LoginStep
{
    Nothing,
    Answered,
    PasswordAsked,
    Accepted,
    Ready,
}
