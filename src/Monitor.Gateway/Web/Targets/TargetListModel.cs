using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Live;

namespace Monitor.Gateway.Web.Targets;

/// <summary>One page of the list of targets, with what it was asked for.</summary>
public sealed record TargetListModel
{
    public required IReadOnlyList<BoardTarget> Rows { get; init; }
    public required long Total { get; init; }
    public required TargetFilter Filter { get; init; }

    /// <summary>The cursor of the page after this one; null at the end.</summary>
    public string? Next { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>Type and name of what can be watched.</summary>
    public required IReadOnlyList<(string Type, LocalizedText Name)> Types { get; init; }
    public required IReadOnlyList<string> Groups { get; init; }
    public required IReadOnlyList<Channel> Channels { get; init; }

    /// <summary>What a form that was just posted has done; null: none was.</summary>
    public string? Done { get; init; }

    public int DoneCount { get; init; }
}

/// <summary>What the list is asked for: all of it stands in the address.</summary>
public sealed record TargetFilter
{
    public static readonly int[] Sizes = [25, 50, 100, 200, 500];

    public string? Text { get; init; }
    public IReadOnlyList<HealthStatus> Statuses { get; init; } = [];
    public string? Type { get; init; }
    public string? Group { get; init; }
    public IReadOnlyList<string> Labels { get; init; } = [];
    public string Sort { get; init; } = "name";
    public int Limit { get; init; } = 50;
    public string? Cursor { get; init; }

    public bool IsEmpty => Text is null && Statuses.Count == 0 && Type is null && Group is null && Labels.Count == 0;

    /// <summary>The address of the list with this filter.</summary>
    public string Address()
    {
        var pairs = new List<string>();
        Add(pairs, "q", Text);
        if (Statuses.Count > 0)
        {
            pairs.Add("status=" + string.Join(',', Statuses.Select(status => status.Name())));
        }

        Add(pairs, "type", Type);
        Add(pairs, "group", Group);
        foreach (var label in Labels)
        {
            Add(pairs, "label", label);
        }

        Add(pairs, "sort", Sort == "name" ? null : Sort);
        Add(pairs, "limit", Limit == 50 ? null : Limit.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add(pairs, "cursor", Cursor);
        return pairs.Count == 0 ? "/targets" : "/targets?" + string.Join('&', pairs);
    }

    /// <summary>The same list, sorted by this; sorted by it already: the other way round.</summary>
    public TargetFilter SortedBy(string sort) => this with { Sort = Sort == sort ? "-" + sort : sort, Cursor = null };

    private static void Add(List<string> pairs, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            pairs.Add(name + "=" + Uri.EscapeDataString(value));
        }
    }
}

/// <summary>One row, and whether it can be selected.</summary>
public sealed record TargetRowModel(BoardTarget Target, bool CanSelect);

/// <summary>What is about to be deleted.</summary>
public sealed record DeletionModel(IReadOnlyList<(long Id, string Name)> Targets, string Back);
