using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;

namespace Monitor.Grains.Peers;

/// <summary>Calls to other silos over HTTP, at the addresses that they gave. No answer is an answer: nothing is thrown for a peer that is away.</summary>
/// <param name="http">Without proxy, redirects and cookies; its connections are kept.</param>
public sealed partial class PeerClient(HttpMessageInvoker http, PeerSecret secret, TimeProvider time, ILogger<PeerClient> logger) : IPeerCalls
{
    /// <summary>Of the header: <c>Authorization: Peer KEY</c>.</summary>
    public const string Scheme = "Peer";

    /// <summary>Where a silo answers its peers.</summary>
    public const string Path = "/internal/peers/";

    /// <summary>The asked one tries the store for 300 ms.</summary>
    private static readonly TimeSpan AskPatience = TimeSpan.FromMilliseconds(600);

    private static readonly TimeSpan ForwardPatience = TimeSpan.FromSeconds(1.5);
    /// <summary>Thousands of targets; whoever waits reads a page.</summary>
    private static readonly TimeSpan SightsPatience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan ReportPatience = TimeSpan.FromSeconds(1);

    /// <summary>The longest timeout of a target, and the run under way before it.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(310);

    private static readonly TimeSpan TestPatience = TimeSpan.FromSeconds(15);

    public async Task<PeerAnswer?> AskAsync(SiloRow peer, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await CallAsync(
                peer, PeerCall.Ask, new PeerQuestion(peer.Id), PeerJson.Default.PeerQuestion, PeerJson.Default.PeerAnswer, AskPatience, cancellationToken);
            return answer is null || answer.Silo == peer.Id ? answer : PeerAnswer.Absent(peer.Id);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return PeerAnswer.Absent(peer.Id);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Null when the peer did not answer.</summary>
    internal Task<BringAnswer?> BringAsync(SiloRow peer, BringCall call, CancellationToken cancellationToken) =>
        TryAsync(peer, PeerCall.Forward, call, PeerJson.Default.BringCall, PeerJson.Default.BringAnswer, ForwardPatience, cancellationToken);

    /// <summary>Null when the peer did not answer, or does not run the target.</summary>
    internal async Task<CheckRecord?> ProbeAsync(SiloRow peer, long targetId, CancellationToken cancellationToken) =>
        (await TryAsync(peer, PeerCall.Probe, new OneId(targetId), PeerJson.Default.OneId, PeerJson.Default.ProbeAnswer, ProbePatience, cancellationToken))?.Record;

    /// <summary>Null when the peer did not answer: then it is not known whether the message went out.</summary>
    internal Task<ChannelTest?> TestAsync(SiloRow peer, long channelId, CancellationToken cancellationToken) =>
        TryAsync(peer, PeerCall.Test, new OneId(channelId), PeerJson.Default.OneId, PeerJson.Default.ChannelTest, TestPatience, cancellationToken);

    internal Task<ReportAnswer?> ReportAsync(SiloRow peer, CancellationToken cancellationToken) =>
        TryAsync(peer, PeerCall.Report, new PeerQuestion(peer.Id), PeerJson.Default.PeerQuestion, PeerJson.Default.ReportAnswer, ReportPatience, cancellationToken);

    internal Task<SightsAnswer?> SightsAsync(SiloRow peer, CancellationToken cancellationToken) =>
        TryAsync(peer, PeerCall.Sights, new PeerQuestion(peer.Id), PeerJson.Default.PeerQuestion, PeerJson.Default.SightsAnswer, SightsPatience, cancellationToken);

    private async Task<TAnswer?> TryAsync<TAsk, TAnswer>(
        SiloRow peer, string call, TAsk ask, JsonTypeInfo<TAsk> askType, JsonTypeInfo<TAnswer> answerType, TimeSpan patience, CancellationToken cancellationToken)
        where TAnswer : class
    {
        try
        {
            return await CallAsync(peer, call, ask, askType, answerType, patience, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            LogNoAnswer(peer.Name, call, e.Message);
            return null;
        }
    }

    /// <exception cref="HttpRequestException">Nobody is there, or the connection broke.</exception>
    private async Task<TAnswer?> CallAsync<TAsk, TAnswer>(
        SiloRow peer, string call, TAsk ask, JsonTypeInfo<TAsk> askType, JsonTypeInfo<TAnswer> answerType, TimeSpan patience, CancellationToken cancellationToken)
        where TAnswer : class
    {
        if (!Uri.TryCreate(peer.Address, UriKind.Absolute, out var address))
        {
            return null;
        }

        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, Path + call))
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(ask, askType)),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(Scheme, secret.Key);
        try
        {
            using var response = await http.SendAsync(request, both.Token);
            if (!response.IsSuccessStatusCode)
            {
                LogNoAnswer(peer.Name, call, $"HTTP {(int)response.StatusCode}");
                return null;
            }

            await using var body = await response.Content.ReadAsStreamAsync(both.Token);
            return await JsonSerializer.DeserializeAsync(body, answerType, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or SocketException or StoreUnavailableException)
        {
            // A connection that is reset just as it is made comes out of the handler as the socket's own exception.
            LogNoAnswer(peer.Name, call, e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Silo {Silo} did not answer the call {Call}: {Reason}")]
    private partial void LogNoAnswer(string silo, string call, string reason);
}
