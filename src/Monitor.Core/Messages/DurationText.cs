using System.Globalization;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>How long something lasted, as people say it: the two largest units.</summary>
public static class DurationText
{
    private static readonly (long Seconds, LocalizedText One, LocalizedText Many)[] Units =
    [
        (86400, new("day", "天"), new("days", "天")),
        (3600, new("hour", "小时"), new("hours", "小时")),
        (60, new("minute", "分钟"), new("minutes", "分钟")),
        (1, new("second", "秒"), new("seconds", "秒")),
    ];

    /// <summary>Negative durations (a clock was set) read like the shortest one.</summary>
    public static string Of(TimeSpan duration, Language language)
    {
        var seconds = (long)Math.Floor(duration.TotalSeconds);
        if (seconds < 1)
        {
            return new LocalizedText("less than a second", "不到 1 秒").In(language);
        }

        var first = Array.FindIndex(Units, unit => seconds >= unit.Seconds);
        var text = Part(seconds / Units[first].Seconds, first, language);
        if (first + 1 < Units.Length && seconds % Units[first].Seconds / Units[first + 1].Seconds is > 0 and var rest)
        {
            text += " " + Part(rest, first + 1, language);
        }

        return text;
    }

    private static string Part(long count, int unit, Language language) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? Units[unit].One : Units[unit].Many).In(language)}");
}
