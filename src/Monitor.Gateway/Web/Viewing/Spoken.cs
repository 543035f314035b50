using System.Globalization;
using Monitor.Core.Messages;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Text;

namespace Monitor.Gateway.Web.Viewing;

/// <summary>Times, durations and numbers as people say them.</summary>
public static class Spoken
{
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>"3 minutes ago", "3 分钟前": the largest unit only. The script says the same with the same words.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now, Language language)
    {
        var seconds = (long)(now - at).TotalSeconds;
        if (seconds < -5)
        {
            return Format(TimeWords.In, language, Largest(-seconds, language));
        }

        return seconds < 5 ? TimeWords.JustNow.In(language) : Format(TimeWords.Ago, language, Largest(seconds, language));
    }

    /// <summary>How long: the two largest units.</summary>
    public static string Lasted(TimeSpan duration, Language language) => DurationText.Of(duration, language);

    public static string Seconds(int seconds, Language language) => DurationText.Of(TimeSpan.FromSeconds(seconds), language);

    /// <summary>Milliseconds with as many digits as one can tell apart.</summary>
    public static string Latency(double? milliseconds) => milliseconds switch
    {
        null => "–",
        < 10 => Number(milliseconds.Value, "0.0") + " ms",
        < 10_000 => Number(milliseconds.Value, "0") + " ms",
        _ => Number(milliseconds.Value / 1000, "0.0") + " s",
    };

    public static string Percent(double? percent) => percent switch
    {
        null => "–",
        100 => "100 %",
        // Never rounded up to a whole: 99.9996 is not 100.
        > 99.99 => Number(Math.Floor(percent.Value * 10_000) / 10_000, "0.0000") + " %",
        _ => Number(Math.Floor(percent.Value * 100) / 100, "0.00") + " %",
    };

    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < Sizes.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return Number(bytes, unit == 0 ? "0" : "0.0") + " " + Sizes[unit];
    }

    /// <summary>With thousands apart, and no more than three digits after the point.</summary>
    public static string Count(double number) => number.ToString(Math.Abs(number) >= 10_000 ? "#,0.#" : "0.###", CultureInfo.InvariantCulture);

    private static string Number(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);

    private static string Largest(long seconds, Language language) => seconds switch
    {
        < 60 => Format(TimeWords.Seconds(seconds), language, seconds),
        < 3_600 => Format(TimeWords.Minutes(seconds / 60), language, seconds / 60),
        < 86_400 => Format(TimeWords.Hours(seconds / 3_600), language, seconds / 3_600),
        _ => Format(TimeWords.Days(seconds / 86_400), language, seconds / 86_400),
    };

    private static string Format(LocalizedText text, Language language, object value) => string.Format(CultureInfo.InvariantCulture, text.In(language), value);
}
