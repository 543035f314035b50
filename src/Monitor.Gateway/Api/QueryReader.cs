using System.Globalization;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>Reads query parameters; collects everything that is wrong with them. An empty value is the same as none.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    public const int MaxLimit = 500;
    public const int DefaultLimit = 50;

    private readonly List<FieldError> _errors = [];

    public bool Refused(out Problem refusal)
    {
        refusal = _errors.Count > 0 ? Problem.BadRequest(_errors) : null!;
        return _errors.Count > 0;
    }

    public void Refuse(string name, string english, string chinese) => _errors.Add(FieldError.At(name, english, chinese));

    public void RefuseUnknown(IReadOnlyList<QueryField> known)
    {
        foreach (var name in query.Keys)
        {
            if (!known.Any(field => field.Name == name))
            {
                var shown = name.Length > 100 ? "…" : name;
                var names = known.Count == 0 ? "-" : string.Join(", ", known.Select(field => field.Name));
                Refuse(shown, $"unknown query parameter; known: {names}", $"未知的查询参数；可用：{names}");
            }
            else if (query[name].Count > 1 && !known.First(field => field.Name == name).Repeatable)
            {
                Refuse(name, "is given twice", "重复给出");
            }
        }
    }

    public string? Text(string name, int maxLength = 200)
    {
        var text = query[name].ToString();
        if (text.Length > maxLength)
        {
            Refuse(name, $"must have at most {maxLength} characters", $"最多 {maxLength} 个字符");
            return null;
        }

        return text.Length == 0 ? null : text;
    }

    public IReadOnlyList<string> Texts(string name) => [.. query[name].OfType<string>().Where(text => text.Length > 0)];

    public int Limit() => (int)(Number("limit", 1, MaxLimit) ?? DefaultLimit);

    public long? Number(string name, long min, long max)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        Refuse(name, $"must be a whole number between {min} and {max}", $"必须是 {min} 到 {max} 之间的整数");
        return null;
    }

    public bool? Flag(string name)
    {
        var text = Text(name);
        if (text is not (null or "true" or "false"))
        {
            Refuse(name, "must be true or false", "必须是 true 或 false");
        }

        return text switch { "true" => true, "false" => false, _ => null };
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var time = ApiTime.Parse(text);
        if (time is null)
        {
            Refuse(name, "must be a time as in 2026-01-31T08:00:00Z", "必须是形如 2026-01-31T08:00:00Z 的时间");
        }

        return time;
    }

    /// <summary>Several values separated by commas: any of them.</summary>
    public IReadOnlyList<T> Names<T>(string name)
        where T : struct, Enum
    {
        var found = new List<T>();
        foreach (var text in (Text(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (EnumNames.Parse<T>(text) is { } value)
            {
                found.Add(value);
            }
            else
            {
                RefuseChoice(name, EnumNames.All<T>());
            }
        }

        return found;
    }

    public T? Name<T>(string name)
        where T : struct, Enum => Names<T>(name) is { Count: > 0 } found ? found[0] : null;

    public string Choice(string name, string otherwise, IReadOnlyCollection<string> choices)
    {
        var text = Text(name) ?? otherwise;
        if (!choices.Contains(text))
        {
            RefuseChoice(name, choices);
        }

        return text;
    }

    /// <param name="list">What the cursor must belong to, its sort included.</param>
    public PageKey? Cursor(string list)
    {
        if (Text("cursor", Api.Cursor.MaxLength) is not { } text)
        {
            return null;
        }

        var key = Api.Cursor.Decode(list, text);
        if (key is null)
        {
            Refuse("cursor", "is not a cursor of this list and sort: take next_cursor of the page before", "不是此列表和排序的游标：请使用上一页的 next_cursor");
        }

        return key;
    }

    private void RefuseChoice(string name, IReadOnlyCollection<string> choices)
    {
        var all = string.Join(", ", choices);
        Refuse(name, $"must be one of: {all}", $"必须是其中之一：{all}");
    }
}
