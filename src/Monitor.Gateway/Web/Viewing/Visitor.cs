using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Memory;

namespace Monitor.Gateway.Web.Viewing;

/// <summary>Who looks at a page, and how he wants it. All that a component knows of the request.</summary>
public sealed record Visitor
{
    public required Language Language { get; init; }

    public required TimeZoneInfo Zone { get; init; }

    /// <summary>The zone is the browser's own, not the installation's.</summary>
    public bool ZoneIsKnown { get; init; }

    public Theme Theme { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Null: nobody is signed in.</summary>
    public Role? Role { get; init; }

    public string Name { get; init; } = "";

    /// <summary>Tokens are asked for at all: there is something to sign out of.</summary>
    public bool HasSession { get; init; }

    /// <summary>What each form must carry.</summary>
    public string FormMark { get; init; } = "";

    /// <summary>The page's own address, path and query.</summary>
    public string Address { get; init; } = "/";

    /// <summary>The address can be read again: no form was posted to it.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>Targets that are down now.</summary>
    public int Unhealthy { get; init; }

    /// <summary>The store answers no reads: what is shown is from memory. Null while it does.</summary>
    public Absence? StoreAway { get; init; }

    public bool CanEdit => Role >= Core.Ports.Role.Editor;

    public bool IsAdmin => Role >= Core.Ports.Role.Admin;

    public string Code => Language == Language.Chinese ? "zh" : "en";

    public string T(LocalizedText text) => text.In(Language);

    public string T(LocalizedText text, params ReadOnlySpan<object?> values) => string.Format(CultureInfo.InvariantCulture, text.In(Language), values);

    /// <summary>In the visitor's zone, to the second.</summary>
    public string Exact(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, Zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>With its offset, for hovering.</summary>
    public string ExactWithZone(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, Zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture) + " " + Zone.Id;

    /// <summary>As short as it is clear: today's time, this year's day.</summary>
    public string Short(DateTimeOffset at)
    {
        var (local, today) = (TimeZoneInfo.ConvertTime(at, Zone), TimeZoneInfo.ConvertTime(Now, Zone));
        var format = local.Date == today.Date ? "HH:mm:ss" : local.Year == today.Year ? "MM-dd HH:mm" : "yyyy-MM-dd HH:mm";
        return local.ToString(format, CultureInfo.InvariantCulture);
    }

    public string Local(DateTimeOffset at, string format) => TimeZoneInfo.ConvertTime(at, Zone).ToString(format, CultureInfo.InvariantCulture);
}

public enum Theme
{
    /// <summary>As the system says.</summary>
    Auto,
    Light,
    Dark,
}
