using System.Text;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Logs in on each connection of one probe. What costs (the salted password) is done once.</summary>
public sealed class SaslLogin(KafkaLogin login)
{
    private readonly Lock _lock = new();
    private (byte[] Salt, int Iterations, byte[] Password)? _salted;

    /// <summary>Null when the broker has let us in. Every refusal, for whatever reason, is of stage <c>authentication</c>.</summary>
    public async ValueTask<WireFault?> RunAsync(ProbeRun run, BrokerLink link, CancellationToken cancellationToken)
    {
        using (var handshake = new RequestWriter())
        {
            handshake.Begin(KafkaApi.SaslHandshake, 1).Text(login.Mechanism).End();
            if (await link.ExchangeAsync(run, handshake, cancellationToken) is { } fault)
            {
                return Refused(link, fault);
            }
        }

        if (Agreed(link) is { } refused)
        {
            return refused;
        }

        return login.Mechanism == "PLAIN"
            ? (await SendAsync(run, link, Encoding.UTF8.GetBytes($"\0{login.Username}\0{login.Password}"), cancellationToken)).Fault
            : await ScramAsync(run, link, cancellationToken);
    }

    private WireFault? Agreed(BrokerLink link)
    {
        var reader = new ResponseReader(link.Answer(0));
        var error = reader.Int16();
        var offered = new List<string>();
        for (var left = reader.Count(sizeof(short)); left > 0 && offered.Count < 50; left--)
        {
            offered.Add(reader.Text());
        }

        if (reader.Broken)
        {
            return link.Malformed(KafkaApi.SaslHandshake);
        }

        return error switch
        {
            KafkaError.None => null,
            KafkaError.UnsupportedSaslMechanism => Failed(
                $"{link.Place} does not offer {login.Mechanism}; it offers {WireText.Snippet(string.Join(", ", offered.Order(StringComparer.Ordinal)), [login.Password])}"),
            KafkaError.IllegalSaslState => Failed($"{link.Place} asks for no login on this port; unset sasl_mechanism, or use the port of its SASL listener"),
            _ => Failed($"{link.Place} refused the login: {KafkaError.Words(error)}"),
        };
    }

    private async ValueTask<WireFault?> ScramAsync(ProbeRun run, BrokerLink link, CancellationToken cancellationToken)
    {
        var scram = new ScramClient(login.Mechanism, login.Username, login.Password, ScramClient.NewNonce());
        var first = await SendAsync(run, link, Encoding.UTF8.GetBytes(scram.First), cancellationToken);
        if (first.Fault is not null)
        {
            return first.Fault;
        }

        var (message, problem) = scram.Final(Encoding.UTF8.GetString(first.Value!), (salt, iterations) => Salted(scram, salt, iterations));
        if (problem is not null)
        {
            return Failed($"{link.Place}: {problem}");
        }

        var last = await SendAsync(run, link, Encoding.UTF8.GetBytes(message!), cancellationToken);
        return last.Fault ?? (scram.Problem(Encoding.UTF8.GetString(last.Value!)) is { } wrong ? Failed($"{link.Place}: {Shown(wrong)}") : null);
    }

    /// <summary>One message of the mechanism; the broker's answer to it.</summary>
    private async ValueTask<Outcome<byte[]>> SendAsync(ProbeRun run, BrokerLink link, byte[] message, CancellationToken cancellationToken)
    {
        using var request = new RequestWriter();
        request.Begin(KafkaApi.SaslAuthenticate, 0).Bytes(message).End();
        if (await link.ExchangeAsync(run, request, cancellationToken) is { } fault)
        {
            return Refused(link, fault);
        }

        return Answered(link);
    }

    private Outcome<byte[]> Answered(BrokerLink link)
    {
        var reader = new ResponseReader(link.Answer(0));
        var (error, text, bytes) = (reader.Int16(), reader.NullableText(), reader.Bytes().ToArray());
        if (reader.Broken)
        {
            return link.Malformed(KafkaApi.SaslAuthenticate);
        }

        return error == KafkaError.None
            ? bytes
            : Failed($"{link.Place} refused {login.Mechanism} as {Shown(login.Username)}: {(string.IsNullOrEmpty(text) ? KafkaError.Words(error) : Shown(text))}");
    }

    /// <summary>Some brokers say no by hanging up.</summary>
    private static WireFault Refused(BrokerLink link, WireFault fault) => link.WasClosed && fault.Stage is not null
        ? Failed($"{link.Place} closed the connection during the login: wrong user or password, or no SASL listener on this port")
        : fault;

    private byte[] Salted(ScramClient scram, byte[] salt, int iterations)
    {
        lock (_lock)
        {
            if (_salted is { } known && known.Iterations == iterations && known.Salt.AsSpan().SequenceEqual(salt))
            {
                return known.Password;
            }

            var made = scram.Salt(salt, iterations);
            _salted = (salt, iterations, made);
            return made;
        }
    }

    private string Shown(string text) => WireText.Redacted(text.ReplaceLineEndings(" "), [login.Password]);

    private static WireFault Failed(string message) => new(FailureStage.Authentication, message);
}
