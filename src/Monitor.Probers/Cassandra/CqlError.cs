using System.Globalization;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>What an ERROR says, in words for people.</summary>
/// <param name="Text">The server's own message, as it came.</param>
/// <param name="Detail">Of replicas: how many were needed and how many were there; null for other errors.</param>
internal sealed record CqlError(int Code, string Text, string? Detail)
{
    public const int ServerError = 0x0000;
    public const int Protocol = 0x000A;
    public const int BadCredentials = 0x0100;
    public const int Unavailable = 0x1000;
    public const int Overloaded = 0x1001;
    public const int Bootstrapping = 0x1002;
    public const int Unauthorized = 0x2100;
    public const int Invalid = 0x2200;

    private const int TruncateError = 0x1003;
    private const int WriteTimeout = 0x1100;
    private const int ReadTimeout = 0x1200;
    private const int ReadFailure = 0x1300;
    private const int WriteFailure = 0x1500;

    /// <summary>Null when the message is cut off.</summary>
    public static CqlError? Read(ReadOnlySpan<byte> message)
    {
        var body = new CqlBody(message);
        var code = body.Int();
        var text = body.String();
        return body.Failed ? null : new CqlError(code, text, ReadDetail(code, ref body));
    }

    /// <summary>The error with its kind before it; secrets that the server sends back are not shown.</summary>
    public string Words(IReadOnlyList<string> secrets) =>
        Detail is null ? $"{Kind()}: {WireText.Snippet(Text, secrets)}" : $"{Kind()}: {Detail}";

    /// <summary>As an answer of a node that should have served: overloaded, bootstrapping, or something that it should not have said.</summary>
    public WireFault ToFault(string asked, IReadOnlyList<string> secrets) =>
        new(Code is BadCredentials ? FailureStage.Authentication : FailureStage.Protocol, Code switch
        {
            Overloaded => $"the node is overloaded (it answered so to {asked}): {WireText.Snippet(Text, secrets)}",
            Bootstrapping => $"the node is bootstrapping (it answered so to {asked}): {WireText.Snippet(Text, secrets)}",
            _ => $"{asked} was answered with {Words(secrets)}",
        });

    private static string? ReadDetail(int code, ref CqlBody body)
    {
        if (code is not (Unavailable or WriteTimeout or ReadTimeout or ReadFailure or WriteFailure))
        {
            return null;
        }

        var level = ConsistencyNames.Of(body.Short());
        if (code == Unavailable)
        {
            var (required, alive) = (body.Int(), body.Int());
            return body.Failed ? null : string.Create(CultureInfo.InvariantCulture, $"consistency {level} requires {required} replicas, {alive} {Are(alive)} alive");
        }

        var (received, needed) = (body.Int(), body.Int());
        var answered = string.Create(CultureInfo.InvariantCulture, $"consistency {level} requires answers of {needed} replicas, {received} came");

        // A number of failed replicas before protocol 5, a map with as many entries since.
        var failed = code is ReadFailure or WriteFailure ? body.Int() : 0;
        return body.Failed ? null
            : code is ReadFailure or WriteFailure ? string.Create(CultureInfo.InvariantCulture, $"{answered}, {failed} failed")
            : code is ReadTimeout && received >= needed && body.Byte() == 0 && !body.Failed ? $"{answered}, the one with the data did not"
            : answered;
    }

    private static string Are(int count) => count == 1 ? "is" : "are";

    private string Kind() => Code switch
    {
        ServerError => "server error",
        Protocol => "protocol error",
        BadCredentials => "bad credentials",
        Unavailable => "unavailable",
        Overloaded => "overloaded",
        Bootstrapping => "bootstrapping",
        TruncateError => "truncate error",
        WriteTimeout => "write timeout",
        ReadTimeout => "read timeout",
        ReadFailure => "read failure",
        0x1400 => "function failure",
        WriteFailure => "write failure",
        0x1600 => "change log write failure",
        0x1700 => "write with unknown outcome",
        0x2000 => "syntax error",
        Unauthorized => "unauthorized",
        Invalid => "invalid",
        0x2300 => "configuration error",
        0x2400 => "already exists",
        0x2500 => "unprepared",
        _ => string.Create(CultureInfo.InvariantCulture, $"error 0x{Code:x4}"),
    };
}
