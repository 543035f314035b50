using Monitor.Gateway.Web.Text;

namespace Monitor.Gateway.Web.Targets;

/// <summary>The ranges that there are.</summary>
internal static class TargetRanges
{
    public static readonly IReadOnlyList<TargetRange> All =
    [
        new("1h", TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TargetWords.Hours1),
        new("24h", TimeSpan.FromHours(24), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TargetWords.Hours24),
        new("7d", TimeSpan.FromDays(7), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TargetWords.Days7),
        new("30d", TimeSpan.FromDays(30), TimeSpan.FromHours(4), TimeSpan.FromHours(12), TargetWords.Days30),
        new("90d", TimeSpan.FromDays(90), TimeSpan.FromHours(12), TimeSpan.FromHours(24), TargetWords.Days90),
    ];

    /// <summary>The one with this key, 24 hours where none is named; null for an unknown one.</summary>
    public static TargetRange? Find(string? key) => string.IsNullOrEmpty(key) ? All[1] : All.FirstOrDefault(range => range.Key == key);
}
