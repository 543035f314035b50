using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;

namespace Monitor.Grains.Targets;

/// <summary>What a step's effects come to in records: for each an alert, and for each channel that hears of it a delivery. Pure.</summary>
public static class AlertDrafts
{
    /// <param name="type">The prober type that the episode is about: an edit may have changed the target's.</param>
    public static IReadOnlyList<OpenDelivery> Deliveries(
        WatchedTarget target, string type, IReadOnlyList<HealthEffect> effects, DateTimeOffset now, out IReadOnlyList<AlertRecord> alerts)
    {
        if (effects.Count == 0)
        {
            alerts = [];
            return [];
        }

        var records = new List<AlertRecord>(effects.Count);
        var deliveries = new List<OpenDelivery>();
        foreach (var effect in effects)
        {
            var alert = Alert(target, type, effect);
            records.Add(alert);
            var kind = effect is HealthEffect.Resolved ? DeliveryKind.Resolved : DeliveryKind.Firing;
            deliveries.AddRange(Hearers(effect).Distinct().Select(channel => new OpenDelivery(
                new Delivery { Key = new DeliveryKey(target.Id, alert.Episode, kind, channel), CreatedAt = now }, alert)));
        }

        alerts = records;
        return deliveries;
    }

    private static AlertRecord Alert(WatchedTarget target, string type, HealthEffect effect)
    {
        var episode = effect.Episode;
        var over = effect as HealthEffect.Resolved;
        return new AlertRecord
        {
            TargetId = target.Id,
            Episode = episode.Number,
            TargetName = target.Name,
            TargetType = type,
            Endpoint = target.Endpoint,
            Group = target.Group,
            Severity = effect.Severity,
            Message = episode.Message ?? "",
            StartedAt = episode.StartedAt,
            FiredAt = episode.FiredAt,
            ResolvedAt = over?.At,
            ResolvedReason = over?.Reason,
            RecoveredIntoDegraded = over?.IntoDegraded ?? false,
            FailureCount = episode.FailureCount,
        };
    }

    private static IReadOnlyList<long> Hearers(HealthEffect effect) =>
        effect is HealthEffect.Joined joined ? joined.ChannelIds : effect.Episode.ChannelIds;
}
