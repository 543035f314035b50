using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Shards;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Peers;

/// <summary>
/// While this silo is cut off it tells one thing: that it is, and what it sees down. It tells the robots of the enabled channels of the targets that it ran when it was cut off, each of
/// them what it sees of those that tell this robot: whoever counts on this silo hears that it is blind, and nobody hears of others' targets. The channels are those of the last read.
/// </summary>
public sealed partial class CutOffWatch(
    LeaseKeeper leases, ShardHost host, ShardNotifiers robots, NotifierFactory notifiers, SiloIdentity silo, SteadyClock clock, TimeProvider time, ILogger<CutOffWatch> logger)
    : BackgroundService, ICondition
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private static readonly LocalizedText CutOff = new(
        "this silo is cut off: it reaches neither the store nor most of the other silos; it only looks, and records and alerts nothing",
        "此节点已与集群隔离：既无法访问存储，也无法访问多数其他节点；它只观察，不记录也不告警");

    private readonly CutOffPlan _plan = new();
    private DateTimeOffset _since;
    private volatile bool _isCutOff;

    public IReadOnlyList<LocalizedText> Reasons() => _isCutOff ? [CutOff] : [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }

            _plan.Looked(clock.Now);
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsCutOff() => CutOffPlan.IsCutOff(leases.State, clock.Now);

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var isCutOff = IsCutOff();
        if (isCutOff != _isCutOff)
        {
            _isCutOff = isCutOff;
            _since = time.GetUtcNow();
            LogChanged(isCutOff);
        }

        var now = clock.Now;
        var audiences = isCutOff ? Audiences() : [];
        var silos = leases.State.View?.Silos.Count(row => !row.Dead) ?? 1;
        var due = _plan.Due(now, isCutOff, silos, audiences.Values.Select(audience => audience.Sight));
        var verdicts = await Task.WhenAll(due.Select(robot => TellAsync(audiences[robot.Robot], cancellationToken)));
        foreach (var (robot, verdict) in due.Zip(verdicts))
        {
            if (verdict is not null)
            {
                _plan.Told(robot, verdict.Outcome != PostOutcome.Busy, clock.Now);
            }
        }
    }

    /// <summary>Null: it was not to be told any more.</summary>
    private async Task<PostVerdict?> TellAsync(Audience audience, CancellationToken cancellationToken)
    {
        var settings = audience.Channel.Settings;
        var options = settings.Language is { } language ? notifiers.Messages with { Language = language } : notifiers.Messages;
        CutOffLine[] lines =
        [
            .. audience.Down.OrderBy(sight => sight.Name, StringComparer.Ordinal).ThenBy(sight => sight.TargetId)
                .Select(sight => new CutOffLine(sight.Name, sight.Endpoint, sight.Seen!.Message)),
        ];
        var text = CutOffText.Markdown(silo.Name, _since, audience.Watched, lines, time.GetUtcNow(), options);

        // Once more just before it leaves: whoever has a lease again tells alerts, and not this.
        if (!IsCutOff())
        {
            return null;
        }

        var verdict = await notifiers.PostAsync(new Uri(settings.WebhookUrl), text, cancellationToken);
        LogTold(settings.Name, lines.Length, verdict.Outcome, verdict.Said);
        return verdict;
    }

    /// <summary>By robot. Channels that share one share the message, written as the oldest one wants it.</summary>
    private Dictionary<string, Audience> Audiences()
    {
        var byChannel = new Dictionary<long, List<Sight>>();
        foreach (var sight in host.Sights())
        {
            foreach (var channel in sight.ChannelIds)
            {
                (byChannel.TryGetValue(channel, out var sights) ? sights : byChannel[channel] = []).Add(sight);
            }
        }

        var audiences = new Dictionary<string, Audience>(StringComparer.Ordinal);
        foreach (var robot in robots.Channels.Where(channel => channel.Settings.Enabled && byChannel.ContainsKey(channel.Id)).GroupBy(channel => channel.Settings.WebhookUrl, StringComparer.Ordinal))
        {
            var watched = robot.SelectMany(channel => byChannel[channel.Id]).DistinctBy(sight => sight.TargetId).ToArray();
            Sight[] down = [.. watched.Where(sight => sight.Seen is { Outcome: ProbeOutcome.Failed } seen && seen.CheckedAt >= _since - CutOffPlan.Settle)];
            var seen = new RobotSight(robot.Key, down.Select(sight => sight.TargetId).ToHashSet(), notifiers.Sends.Count(new Uri(robot.Key)));
            audiences.Add(robot.Key, new Audience(robot.MinBy(channel => channel.Id)!, seen, down, watched.Length));
        }

        return audiences;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cut off from the store and from most of the other silos: {IsCutOff}. While it is so, nothing is recorded and no alert is told")]
    private partial void LogChanged(bool isCutOff);

    [LoggerMessage(Level = LogLevel.Information, Message = "Told {Channel} that this silo is cut off and sees {Down} targets down: {Outcome} {Said}")]
    private partial void LogTold(string channel, int down, PostOutcome outcome, string said);

    [LoggerMessage(Level = LogLevel.Error, Message = "A look whether this silo is cut off failed; the next comes at once")]
    private partial void LogFailed(Exception e);

    private sealed record Audience(Channel Channel, RobotSight Sight, IReadOnlyList<Sight> Down, int Watched);
}
