using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Monitor.Core.Ports;
using Monitor.Grains.Notifying;
using Monitor.Grains.Runtime;
using Monitor.Grains.Shards;

namespace Monitor.Grains.Peers;

/// <summary>Answers other silos. What it is asked for it does here or not at all: no call is passed on to a third silo.</summary>
public sealed class PeerDesk(PeerSecret secret, LeaseKeeper leases, TargetRuntime targets, ShardNotifiers robots, SiloIdentity silo, IRecentPast? past = null) : IPeerDesk
{
    public bool IsPeer(string key) => secret.Fits(key);

    public Task<byte[]?> AnswerAsync(string call, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => call switch
    {
        PeerCall.Ask => AnswerAsync(body, PeerJson.Default.PeerQuestion, PeerJson.Default.PeerAnswer, ask => leases.AnswerAsync(ask.Silo, cancellationToken)),
        PeerCall.Forward => AnswerAsync(
            body, PeerJson.Default.BringCall, PeerJson.Default.BringAnswer, call => Task.FromResult(robots.Take(call))),
        PeerCall.Probe => AnswerAsync(
            body, PeerJson.Default.OneId, PeerJson.Default.ProbeAnswer, async ask => new ProbeAnswer(await targets.ProbeNowAsync(ask.Id, cancellationToken))),
        PeerCall.Test => AnswerAsync(body, PeerJson.Default.OneId, PeerJson.Default.ChannelTest, ask => robots.TestAsync(ask.Id, cancellationToken)),
        PeerCall.Report => AnswerAsync(
            body, PeerJson.Default.PeerQuestion, PeerJson.Default.ReportAnswer, _ => Task.FromResult(new ReportAnswer(silo.StartedAt, targets.Figures()))),
        PeerCall.Sights => AnswerAsync(
            body, PeerJson.Default.PeerQuestion, PeerJson.Default.SightsAnswer,
            _ => Task.FromResult(new SightsAnswer([.. targets.All().Select(one => new SeenTarget(one.Id, one.Live.State, one.Live.LastResult, one.Live.Unprobed, past?.Hour(one.Id)))]))),
        _ => Task.FromResult<byte[]?>(null),
    };

    private static async Task<byte[]?> AnswerAsync<TAsk, TAnswer>(
        ReadOnlyMemory<byte> body, JsonTypeInfo<TAsk> askType, JsonTypeInfo<TAnswer> answerType, Func<TAsk, Task<TAnswer>> answer)
        where TAsk : class
    {
        TAsk? ask;
        try
        {
            ask = JsonSerializer.Deserialize(body.Span, askType);
        }
        catch (JsonException)
        {
            return null;
        }

        return ask is null ? null : JsonSerializer.SerializeToUtf8Bytes(await answer(ask), answerType);
    }
}
