using System.Globalization;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Http;

/// <summary>The status codes that are expected: <c>200-299,301</c>.</summary>
public sealed class StatusRanges
{
    private readonly (int From, int To)[] _ranges;
    private readonly string _text;

    private StatusRanges((int From, int To)[] ranges, string text)
    {
        _ranges = ranges;
        _text = text;
    }

    public static readonly StatusRanges Success = Parse("200-299")!;

    /// <summary>Null when the text is no such list.</summary>
    public static StatusRanges? Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var ranges = new (int From, int To)[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var ends = parts[i].Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || Code(ends[0]) is not { } from || Code(ends[^1]) is not { } to || from > to)
            {
                return null;
            }

            ranges[i] = (from, to);
        }

        return new StatusRanges(ranges, text);
    }

    public static LocalizedText? Problem(string text) =>
        Parse(text) is null
            ? new LocalizedText("must be status codes 100-599 and ranges, like 200-299,301", "必须是 100-599 之间的状态码或范围，例如 200-299,301")
            : null;

    public bool Contains(int status)
    {
        foreach (var (from, to) in _ranges)
        {
            if (status >= from && status <= to)
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => _text;

    private static int? Code(string text) =>
        text.Length == 3 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 100 and <= 599 ? code : null;
}
