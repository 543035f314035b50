using Monitor.Core.Configs.Postgres;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Postgres;

/// <summary>PostgreSQL's way into TLS: the client asks in plain, the server answers with one byte, then the handshake begins.</summary>
internal static class TlsRequest
{
    private static readonly byte[] Request = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

    /// <summary>Null: the link is in TLS, or in plain where that is fine. Else the link is closed.</summary>
    public static async ValueTask<WireFault?> SecureAsync(ProbeRun run, WireLink link, PostgresConfig config, CancellationToken cancellationToken)
    {
        run.WaitingFor = "the server's answer to the request for TLS";
        await link.Stream.WriteAsync(Request, cancellationToken);
        var answer = new byte[64];
        var got = await link.Stream.ReadAsync(answer, cancellationToken);
        if (got == 1 && answer[0] == (byte)'S')
        {
            return await link.SecureAsync(run, config.Host, config.Tls!, [], cancellationToken);
        }

        if (got == 1 && answer[0] == (byte)'N')
        {
            return config.PlainIsFine ? null : new WireFault(FailureStage.Tls, "the server does not offer TLS");
        }

        if (got == 0)
        {
            return new WireFault(FailureStage.Tls, "the server closed the connection when it was asked for TLS");
        }

        // More bytes behind the answer would be taken for bytes from inside TLS: somebody on the way may have put them there.
        return answer[0] is (byte)'S' or (byte)'N' && WireText.Recognise(answer.AsSpan(0, got)) is null
            ? new WireFault(FailureStage.Tls, $"the server sent {got} bytes where one says whether it offers TLS")
            : await StrangerAsync(link, answer, got, cancellationToken);
    }

    private static async ValueTask<WireFault> StrangerAsync(WireLink link, byte[] answer, int got, CancellationToken cancellationToken)
    {
        while (got < 5 && await link.Stream.ReadAsync(answer.AsMemory(got), cancellationToken) is > 0 and var more)
        {
            got += more;
        }

        using var messages = new ServerMessages(hasPassword: true);
        answer.AsSpan(0, got).CopyTo(messages.Room().Span);
        messages.Received(got);
        messages.Ended();
        return messages.Fault ?? ServerMessages.NotPostgres(answer.AsSpan(0, got));
    }
}
