using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Writing;

/// <summary>
/// Episodes that wait for a record, put together of what was written of each. Under one number there may be several: a silo that got its shard back, and knew nothing of an alert of
/// its own that still waits here, gave its number to the next. Not safe for several threads.
/// </summary>
internal sealed class StrayList
{
    private readonly Dictionary<(long Target, int Episode), StrayEpisode[]> _byNumber = [];

    public bool IsEmpty => _byNumber.Count == 0;

    public StrayEpisode[] All() => [.. _byNumber.Values.SelectMany(all => all)];

    public bool Has(DeliveryKey key) => _byNumber.ContainsKey((key.TargetId, key.Episode));

    /// <summary>The last word on an episode counts; what is over stays so.</summary>
    public void Note(StateWrite write)
    {
        foreach (var alert in write.Alerts)
        {
            var rows = write.Deliveries.Where(row => row.Key.Episode == alert.Episode).ToArray();
            var known = Array.Find(Under(alert.TargetId, alert.Episode), stray => stray.Alert.FiredAt.IsSameMoment(alert.FiredAt));
            Put(
                known,
                known is null
                    ? new StrayEpisode(alert, write.Location, rows)
                    : known with { Alert = alert.IsOpen && !known.Alert.IsOpen ? known.Alert : alert, Deliveries = [.. known.Deliveries, .. rows.ExceptBy(known.Deliveries.Select(row => row.Key), row => row.Key)] });
        }
    }

    /// <summary>Of several under its number it is of the one that has it; else of the last.</summary>
    public void Note(Delivery row)
    {
        if (Under(row.Key.TargetId, row.Key.Episode) is { Length: > 0 } all)
        {
            var known = Array.Find(all, stray => stray.Deliveries.Any(other => other.Key == row.Key && other.CreatedAt.IsSameMoment(row.CreatedAt))) ?? all[^1];
            Put(known, known with { Deliveries = [.. known.Deliveries.Where(other => other.Key != row.Key), row] });
        }
    }

    /// <summary>It has its record, unless something has been noted of it meanwhile.</summary>
    public void Remove(StrayEpisode stray)
    {
        var key = (stray.Alert.TargetId, stray.Alert.Episode);
        var left = Array.FindAll(Under(key.TargetId, key.Episode), other => !ReferenceEquals(other, stray));
        if (left.Length > 0)
        {
            _byNumber[key] = left;
        }
        else
        {
            _byNumber.Remove(key);
        }
    }

    private StrayEpisode[] Under(long target, int episode) => _byNumber.GetValueOrDefault((target, episode)) ?? [];

    private void Put(StrayEpisode? known, StrayEpisode next)
    {
        var all = Under(next.Alert.TargetId, next.Alert.Episode);
        _byNumber[(next.Alert.TargetId, next.Alert.Episode)] = known is null ? [.. all, next] : Array.ConvertAll(all, other => ReferenceEquals(other, known) ? next : other);
    }
}
