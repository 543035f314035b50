using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Opens the connections of one probe and closes them all at its end, those of brokers included that answered when another one already had.</summary>
public sealed class BrokerDoor(Dialer dialer, KafkaConfig config) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<BrokerLink> _opened = [];
    private readonly List<BrokerLink> _free = [];
    private readonly SaslLogin? _login = config.Login is { } login ? new SaslLogin(login) : null;
    private readonly string[] _secrets = config.Login is { } known ? [known.Password] : [];

    /// <summary>A connection to this broker, a free one where there is one; to be given back by <see cref="GiveBack"/>.</summary>
    public ValueTask<Outcome<BrokerLink>> TakeAsync(ProbeRun run, NodeAddress place, bool asks, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_free.FindIndex(link => link.Leads(place)) is >= 0 and var at)
            {
                var link = _free[at];
                _free.RemoveAt(at);
                (run.Dns, run.Connect, run.Address) = (TimeSpan.Zero, TimeSpan.Zero, link.Endpoint);
                return ValueTask.FromResult<Outcome<BrokerLink>>(link);
            }
        }

        return OpenAsync(run, place, asks, cancellationToken);
    }

    /// <summary>Any connection that is free: the cluster's metadata is the same everywhere.</summary>
    public BrokerLink? TakeAny()
    {
        lock (_lock)
        {
            if (_free.Count == 0)
            {
                return null;
            }

            var link = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return link;
        }
    }

    /// <summary>One that still waits for an answer is of no more use.</summary>
    public void GiveBack(BrokerLink link)
    {
        lock (_lock)
        {
            if (link.IsIdle)
            {
                _free.Add(link);
            }
        }
    }

    /// <summary>A connection that is secured and logged in as the config says.</summary>
    /// <param name="asks">Also what the broker offers; not needed where it is sent only what every broker since 0.11 takes.</param>
    public async ValueTask<Outcome<BrokerLink>> OpenAsync(ProbeRun run, NodeAddress place, bool asks, CancellationToken cancellationToken)
    {
        var dialed = await dialer.OpenAsync(run, place.Host, place.Port, config.IpFamily, config.Tls, cancellationToken);
        if (dialed.Fault is { } fault)
        {
            return Hinted(fault);
        }

        var link = new BrokerLink(dialed.Value!, place, run.Address, _secrets);
        lock (_lock)
        {
            _opened.Add(link);
        }

        var wrong = asks ? await AskVersionsAsync(run, link, cancellationToken) : null;
        if (wrong is null && _login is not null)
        {
            wrong = await _login.RunAsync(run, link, cancellationToken);
        }

        return wrong is null ? link : wrong;
    }

    /// <summary>What hanging up on the first request behind the login means: a listener with SASL does so to whoever has not logged in.</summary>
    public WireFault Unwelcome(BrokerLink link, WireFault fault) => link.WasClosed && fault.Stage == FailureStage.Protocol && config.Login is null
        ? new WireFault(FailureStage.Authentication, $"{link.Place} closed the connection on a request without login: this listener wants SASL; set sasl_mechanism, username and password")
        : fault;

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _opened)
        {
            await link.DisposeAsync();
        }
    }

    private async ValueTask<WireFault?> AskVersionsAsync(ProbeRun run, BrokerLink link, CancellationToken cancellationToken)
    {
        using var request = new RequestWriter();
        ApiRanges.Ask(request);
        if (await link.ExchangeAsync(run, request, cancellationToken) is { } fault)
        {
            return link.WasClosed && fault.Stage == FailureStage.Protocol
                ? fault with { Message = $"{fault.Message}: {(config.Tls is null ? "a TLS listener spoken to in plain (set tls), or " : "")}not a Kafka broker" }
                : fault;
        }

        if (ApiRanges.Read(link.Answer(0)) is not { } answer)
        {
            return link.Malformed(KafkaApi.ApiVersions);
        }

        link.Apis = answer.Ranges;
        return answer.Error == KafkaError.None ? null : WireFault.Protocol($"{link.Place} refused ApiVersions: {KafkaError.Words(answer.Error)}");
    }

    /// <summary>A plain listener takes the greeting of TLS for a request of 369 MB, and hangs up.</summary>
    private static WireFault Hinted(WireFault fault) => fault.Stage == FailureStage.Tls && fault.Message.Contains("closed the connection", StringComparison.Ordinal)
        ? fault with { Message = fault.Message + ": perhaps it speaks plain text on this port" }
        : fault;
}
