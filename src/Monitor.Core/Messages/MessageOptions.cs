using Monitor.Core.Alerts;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>How messages are written for the people of this installation.</summary>
/// <param name="PublicUrl">Where the web pages are; null leaves links out.</param>
public sealed record MessageOptions(Language Language, TimeZoneInfo TimeZone, Uri? PublicUrl)
{
    /// <summary>What a robot's markdown may hold, in UTF-8 bytes.</summary>
    public const int MarkdownBytes = 4096;

    /// <summary>What a robot's text may hold, in UTF-8 bytes.</summary>
    public const int TextBytes = 2048;

    /// <summary>With its offset and the zone's name: people in two cities read the same message.</summary>
    public string Time(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, TimeZone).ToString("yyyy-MM-dd HH:mm:ss zzz", System.Globalization.CultureInfo.InvariantCulture) + " " + TimeZone.Id;

    public string? Link(AlertRecord alert) =>
        PublicUrl is null ? null : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{PublicUrl.AbsoluteUri.TrimEnd('/')}/targets/{alert.TargetId}");
}

/// <summary>What one message (or one line of a digest) tells of an alert.</summary>
public enum NoticeKind
{
    Firing,
    Resolved,

    /// <summary>Both at once: the firing was never posted when the recovery came.</summary>
    Joined,
}
