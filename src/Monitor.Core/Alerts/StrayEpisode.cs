namespace Monitor.Core.Alerts;

/// <summary>
/// An episode that a silo decided, and may have told, without the store, and whose shard has moved on meanwhile: the new owner knows nothing of it.
/// </summary>
/// <param name="Alert">As that silo knew it last; <see cref="AlertRecord.Episode"/> is the number that was told.</param>
/// <param name="Deliveries">With what is known of how far they came.</param>
public sealed record StrayEpisode(AlertRecord Alert, string Location, IReadOnlyList<Delivery> Deliveries);
