namespace Monitor.Core.Alerts;

public static class StoredTimes
{
    /// <summary>Whether both are one moment: what is stored of a time is less than what was decided by.</summary>
    public static bool IsSameMoment(this DateTimeOffset one, DateTimeOffset other) => (one - other).Duration() < TimeSpan.FromMilliseconds(1);
}
