using System.Globalization;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>A connection to one node: opened, version agreed on, logged in. Ended by disposing.</summary>
internal sealed class CqlSession : IAsyncDisposable
{
    /// <summary>
    /// Its bytes are a line's end: a Redis or HTTP server takes what came so far for a broken request and says who it is, where it would wait for ever otherwise.
    /// </summary>
    public const int OptionsStream = 0x0D0A;

    private const int StartupStream = 1;
    private const int LoginStream = 2;

    /// <summary>Rows of a user's query that the server is to prepare: one answer is enough.</summary>
    private const int QueryPage = 100;

    /// <summary>Messages that were not asked for. A server could go on for ever with them.</summary>
    private const int MaxUnasked = 32;

    private readonly WireLink _link;
    private readonly CqlChannel _channel;
    private readonly ProbeRun _run;
    private readonly CassandraConfig _config;
    private readonly string[] _secrets;
    private int _unasked;

    private CqlSession(WireLink link, ProbeRun run, CassandraConfig config, int version)
    {
        (_link, _run, _config, Version) = (link, run, config, version);
        _secrets = Secrets(config);
        _channel = new CqlChannel(link.Stream, run, config.Tls is null);
    }

    public int Version { get; }

    /// <summary>ScyllaDB, which has a table of its own for the nodes' state.</summary>
    public bool IsScylla { get; private set; }

    /// <summary>What a server may send back and nobody may see.</summary>
    public static string[] Secrets(CassandraConfig config) => config.Password is { Length: > 0 } password ? [password] : [];

    /// <summary>Connects, agrees on a version (with another connection where the server refuses the first) and logs in.</summary>
    public static async ValueTask<Outcome<CqlSession>> OpenAsync(
        Dialer dialer, ProbeRun run, NodeAddress node, CassandraConfig config, int version, CancellationToken cancellationToken)
    {
        for (var tried = 0; ;)
        {
            tried |= 1 << version;
            var opened = await dialer.OpenAsync(run, node.Host, node.Port, config.IpFamily, config.Tls, cancellationToken);
            if (opened.Fault is { } unreachable)
            {
                return unreachable;
            }

            var session = new CqlSession(opened.Value!, run, config, version);
            var isUsable = false;
            try
            {
                var (fault, other) = await session.StartAsync(tried, cancellationToken);
                isUsable = fault is null && other is null;
                if (isUsable)
                {
                    return session;
                }

                if (fault is not null)
                {
                    return fault;
                }

                version = other!.Value;
            }
            finally
            {
                if (!isUsable)
                {
                    await session.DisposeAsync();
                }
            }
        }
    }

    /// <summary>Whether a node serves: OPTIONS is answered before and without a login.</summary>
    public static async ValueTask<Outcome<NodeAnswer>> GreetAsync(
        Dialer dialer, ProbeRun run, NodeAddress node, IpFamily family, CassandraConfig config, int version, CancellationToken cancellationToken)
    {
        var opened = await dialer.OpenAsync(run, node.Host, node.Port, family, config.Tls, cancellationToken);
        if (opened.Fault is { } unreachable)
        {
            return unreachable;
        }

        await using var session = new CqlSession(opened.Value!, run, config, version);
        session._channel.Requests.Options(version, OptionsStream);
        run.WaitingFor = "an answer to OPTIONS";
        await session._channel.SendAsync(cancellationToken);
        var read = await session.ReadAsync(cancellationToken);
        if (read.Fault is { } silent)
        {
            return silent;
        }

        session._link.Finished = true;
        var frame = read.Value!.Frame;
        return frame.Opcode switch
        {
            CqlOpcode.Supported => NodeAnswer.Fine,
            CqlOpcode.Error when CqlError.Read(frame.Message.Span) is { } error => error.Code switch
            {
                CqlError.Overloaded => new NodeAnswer("is overloaded"),

                // Another version than the one it was asked in: it serves those who speak its own.
                CqlError.Protocol => NodeAnswer.Fine,
                _ => error.ToFault("OPTIONS", session._secrets),
            },
            _ => Unexpected(frame, "OPTIONS"),
        };
    }

    /// <summary>Sends queries at once; <paramref name="take"/> gets each answer with its query's number, in the order in which they come.</summary>
    /// <param name="take">A fault ends it. The frame is gone afterwards.</param>
    public async ValueTask<WireFault?> AskAsync(IReadOnlyList<string> queries, Func<int, CqlFrame, WireFault?> take, CancellationToken cancellationToken)
    {
        for (var i = 0; i < queries.Count; i++)
        {
            _channel.Requests.Query(Version, i, queries[i], CqlConsistency.One);
        }

        await _channel.SendAsync(cancellationToken);
        for (var open = (1L << queries.Count) - 1; open != 0;)
        {
            var read = await ReadAsync(cancellationToken);
            if (read.Fault is { } fault)
            {
                return fault;
            }

            var frame = read.Value!.Frame;
            if (frame.Stream < 0 || frame.Stream >= queries.Count || (open & (1L << frame.Stream)) == 0)
            {
                return ErrorOf(frame)?.ToFault("a query", _secrets)
                    ?? WireFault.Protocol(string.Create(CultureInfo.InvariantCulture, $"the server answered stream {frame.Stream}, on which nothing was asked"));
            }

            open &= ~(1L << frame.Stream);
            if (take(frame.Stream, frame) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    /// <summary>The user's own query. Its rows are not read.</summary>
    public async ValueTask<Outcome<NodeAnswer>> QueryAsync(string cql, CqlConsistency consistency, CancellationToken cancellationToken)
    {
        _run.WaitingFor = "an answer to the query";
        _channel.Requests.Query(Version, 0, cql, consistency, QueryPage);
        await _channel.SendAsync(cancellationToken);
        var read = await ReadAsync(cancellationToken, unreadStream: 0);
        if (read.Fault is { } fault)
        {
            return fault;
        }

        var frame = read.Value!.Frame;
        _link.Finished = frame.Opcode != CqlOpcode.Result;
        return frame.Opcode == CqlOpcode.Result ? NodeAnswer.Fine
            : ErrorOf(frame) is { } error ? new WireFault(FailureStage.Assertion, $"query failed: {error.Words(_secrets)}")
            : Unexpected(frame, "the query");
    }

    /// <summary>Everything that was asked has been answered: the server deserves a proper goodbye.</summary>
    public void Finish() => _link.Finished = true;

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        _channel.Dispose();
    }

    private static CqlError? ErrorOf(CqlFrame frame) => frame.Opcode == CqlOpcode.Error ? CqlError.Read(frame.Message.Span) : null;

    private static WireFault Unexpected(CqlFrame frame, string asked) => WireFault.Protocol(frame.Opcode == CqlOpcode.Error
        ? $"the error with which {asked} was answered is cut off"
        : string.Create(CultureInfo.InvariantCulture, $"{asked} was answered with a message of kind 0x{(int)frame.Opcode:x2}, which does not belong there"));

    /// <summary>OPTIONS and STARTUP in one write, then the login.</summary>
    /// <returns>A fault, or another version to try on a new connection, or neither: it may be used.</returns>
    private async ValueTask<(WireFault? Fault, int? Other)> StartAsync(int tried, CancellationToken cancellationToken)
    {
        _channel.Requests.Options(Version, OptionsStream);
        _channel.Requests.Startup(Version, StartupStream, named: true);
        _run.WaitingFor = "an answer to OPTIONS and STARTUP";
        await _channel.SendAsync(cancellationToken);
        for (var (hasOptions, authenticator) = (false, (string?)null); !hasOptions || authenticator is null;)
        {
            var read = await ReadAsync(cancellationToken);
            if (read.Fault is { } silent)
            {
                return (silent, null);
            }

            var frame = read.Value!.Frame;
            switch (frame.Opcode)
            {
                case CqlOpcode.Supported when !hasOptions:
                    hasOptions = true;
                    IsScylla = frame.Message.Span.IndexOf("SCYLLA_"u8) >= 0;
                    break;
                case CqlOpcode.Ready when authenticator is null:
                    authenticator = "";
                    break;
                case CqlOpcode.Authenticate when authenticator is null:
                    authenticator = AuthenticatorOf(frame);
                    break;
                default:
                    return Refused(frame, tried);
            }

            if (hasOptions && authenticator is not null)
            {
                if (Version >= 5)
                {
                    _channel.UseSegments();
                }

                return (authenticator.Length == 0 ? null : await LoginAsync(authenticator, cancellationToken), null);
            }
        }

        return (null, null);
    }

    private static string AuthenticatorOf(CqlFrame frame)
    {
        var name = new CqlBody(frame.Message.Span).String();
        return name.Length == 0 ? "an authenticator without a name" : name;
    }

    private (WireFault? Fault, int? Other) Refused(CqlFrame frame, int tried)
    {
        var asked = frame.Stream == OptionsStream ? "OPTIONS" : "STARTUP";
        if (ErrorOf(frame) is not { } error)
        {
            return (Unexpected(frame, asked), null);
        }

        if (error.Code == CqlError.Protocol && CqlVersions.Other(error.Text, frame.Header.Version, tried) is { } other)
        {
            return (null, other);
        }

        return (error.Code == CqlError.Protocol
            ? WireFault.Protocol($"no version of the protocol in common (3 to 5 are spoken here): {WireText.Snippet(error.Text, _secrets)}")
            : error.ToFault(asked, _secrets), null);
    }

    private async ValueTask<WireFault?> LoginAsync(string authenticator, CancellationToken cancellationToken)
    {
        var login = new CqlLogin(authenticator, _config);
        if (login.Impossible() is { } impossible)
        {
            return impossible;
        }

        _run.WaitingFor = "an answer to the login";
        var token = login.First();
        while (true)
        {
            _channel.Requests.AuthResponse(Version, LoginStream, token);
            await _channel.SendAsync(cancellationToken);
            var read = await ReadAsync(cancellationToken);
            if (read.Fault is { } silent)
            {
                return silent;
            }

            var frame = read.Value!.Frame;
            if (frame.Opcode == CqlOpcode.AuthSuccess)
            {
                return null;
            }

            if (frame.Opcode == CqlOpcode.AuthChallenge && login.Next(frame.Message.Span) is { } next)
            {
                token = next;
                continue;
            }

            return frame.Opcode == CqlOpcode.AuthChallenge ? login.Unknown()
                : ErrorOf(frame) is { } error ? login.Refused(error, _secrets)
                : Unexpected(frame, "the login");
        }
    }

    /// <summary>The next answer; what a server tells on its own account is passed over.</summary>
    private async ValueTask<Outcome<Received>> ReadAsync(CancellationToken cancellationToken, int unreadStream = -1)
    {
        while (true)
        {
            var read = await _channel.ReadAsync(cancellationToken, unreadStream);
            if (read.Value?.Frame.Opcode != CqlOpcode.Event)
            {
                return read;
            }

            if (++_unasked > MaxUnasked)
            {
                return WireFault.Protocol($"the server sends events that nobody asked for, instead of {_run.WaitingFor}");
            }
        }
    }
}

/// <summary>A node serves.</summary>
/// <param name="Trouble">What it says of itself, to put behind its name: "is overloaded"; null: nothing.</param>
internal sealed record NodeAnswer(string? Trouble)
{
    public static readonly NodeAnswer Fine = new((string?)null);
}
