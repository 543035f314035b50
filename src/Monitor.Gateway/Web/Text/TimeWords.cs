using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>Words about time; the script gets the same ones.</summary>
internal static class TimeWords
{
    public static readonly LocalizedText JustNow = new("just now", "刚刚");
    public static readonly LocalizedText Ago = new("{0} ago", "{0}前");
    public static readonly LocalizedText In = new("in {0}", "{0}后");
    public static readonly LocalizedText Second = new("{0} second", "{0} 秒");
    public static readonly LocalizedText SecondsMany = new("{0} seconds", "{0} 秒");
    public static readonly LocalizedText Minute = new("{0} minute", "{0} 分钟");
    public static readonly LocalizedText MinutesMany = new("{0} minutes", "{0} 分钟");
    public static readonly LocalizedText Hour = new("{0} hour", "{0} 小时");
    public static readonly LocalizedText HoursMany = new("{0} hours", "{0} 小时");
    public static readonly LocalizedText Day = new("{0} day", "{0} 天");
    public static readonly LocalizedText DaysMany = new("{0} days", "{0} 天");

    public static LocalizedText Seconds(long count) => count == 1 ? Second : SecondsMany;

    public static LocalizedText Minutes(long count) => count == 1 ? Minute : MinutesMany;

    public static LocalizedText Hours(long count) => count == 1 ? Hour : HoursMany;

    public static LocalizedText Days(long count) => count == 1 ? Day : DaysMany;

    /// <summary>For the script, in its order.</summary>
    public static IReadOnlyList<LocalizedText> ForScript { get; } =
        [JustNow, Ago, In, Second, SecondsMany, Minute, MinutesMany, Hour, HoursMany, Day, DaysMany];
}
