using System.Globalization;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Gateway.Memory;

/// <summary>The list of targets out of memory: the same filters, orders and page keys as the stores', so that a cursor of one goes on in the other.</summary>
internal static class TargetSearch
{
    public static Page<TargetRow> List(IEnumerable<TargetRow> rows, TargetQuery query)
    {
        var name = query.NameContains is { Length: > 0 } part ? NameFolding.Fold(part) : null;
        var found = rows.Where(row => Fits(row, query, name)).Select(row => (Key: KeyOf(row, query.Sort), Row: row)).ToList();
        var total = found.Count;
        found.Sort((left, right) => Compare(left.Key, left.Row.Target.Id, right.Key, right.Row.Target.Id) * (query.Descending ? -1 : 1));
        if (query.After is { } after)
        {
            var key = new SortKey(query.Sort == TargetSort.Name ? after.Value : "", query.Sort == TargetSort.Name ? 0 : Number(after.Value));
            found.RemoveAll(one => Compare(one.Key, one.Row.Target.Id, key, after.Id) * (query.Descending ? -1 : 1) <= 0);
        }

        var page = found.Take(query.Limit).ToArray();
        var next = found.Count > query.Limit ? new PageKey(Text(page[^1].Key, query.Sort), page[^1].Row.Target.Id) : null;
        return new Page<TargetRow>([.. page.Select(one => one.Row)], next, total);
    }

    /// <summary>Disabled is by the settings; a state that says so of an enabled target is an edit that its owner has not taken up.</summary>
    public static HealthStatus StatusOf(TargetRow row) =>
        !row.Target.Settings.Enabled ? HealthStatus.Disabled
        : row.State is null or { Status: HealthStatus.Disabled } ? HealthStatus.Unknown : row.State.Status;

    /// <summary>As the stores write times into page keys: microseconds since 1970.</summary>
    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static bool Fits(TargetRow row, TargetQuery query, string? name)
    {
        var settings = row.Target.Settings;
        return (query.Type is null || settings.Type == query.Type)
            && (query.Group is null || settings.Group == query.Group)
            && (query.Enabled is null || settings.Enabled == query.Enabled)
            && (query.Statuses.Count == 0 || query.Statuses.Contains(StatusOf(row)))
            && query.Labels.All(label => settings.Labels.TryGetValue(label.Key, out var value) && value == label.Value)
            && (name is null || NameFolding.Fold(settings.Name).Contains(name, StringComparison.Ordinal));
    }

    private static SortKey KeyOf(TargetRow row, TargetSort sort) => sort switch
    {
        TargetSort.Name => new SortKey(NameFolding.Fold(row.Target.Settings.Name), 0),
        TargetSort.StatusSince => new SortKey("", Micros(row.State?.StatusSince ?? row.Target.CreatedAt)),
        _ => new SortKey("", row.Target.Id),
    };

    private static string Text(SortKey key, TargetSort sort) => sort == TargetSort.Name ? key.Name : key.Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A key that was made up is beyond nothing: the list begins anew.</summary>
    private static long Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static int Compare(SortKey left, long leftId, SortKey right, long rightId) =>
        Compare(left.Name, right.Name) is var names and not 0 ? names
        : left.Number.CompareTo(right.Number) is var numbers and not 0 ? numbers : leftId.CompareTo(rightId);

    /// <summary>By characters, as the stores do; by UTF-16 units emoji would come before what comes last.</summary>
    private static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        return same == left.Length || same == right.Length ? left.Length.CompareTo(right.Length) : Weight(left[same]).CompareTo(Weight(right[same]));

        static int Weight(char unit) => unit >= '\uE000' ? unit - 0x800 : char.IsSurrogate(unit) ? unit + 0x2000 : unit;
    }

    private readonly record struct SortKey(string Name, long Number);
}
