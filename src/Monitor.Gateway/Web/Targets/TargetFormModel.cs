using Monitor.Core.Channels;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Forms;

namespace Monitor.Gateway.Web.Targets;

/// <summary>A target's form with what stands in it.</summary>
public sealed record TargetFormModel
{
    public required string Type { get; init; }
    public required LocalizedText TypeName { get; init; }

    /// <summary>Null: a new one.</summary>
    public long? TargetId { get; init; }
    public string Name { get; init; } = "";
    public long Revision { get; init; }
    public required IReadOnlyList<FormNode> Basics { get; init; }
    public required IReadOnlyList<FormNode> Timing { get; init; }
    public required IReadOnlyList<FormNode> Config { get; init; }

    /// <summary>The channels marked as default are told, whichever they are when it is saved.</summary>
    public bool TellsDefault { get; init; }
    public required IReadOnlyList<long> ChannelIds { get; init; }
    public required IReadOnlyList<Channel> Channels { get; init; }
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>Names this form: posted twice, it makes one target.</summary>
    public required string Once { get; init; }
    public IReadOnlyList<FieldError> Rest { get; init; } = [];
    public LocalizedText? Problem { get; init; }
    public CheckRecord? Tried { get; init; }

    public IReadOnlyList<FormNode> All => [.. Basics, .. Config, .. Timing];

    public string Address => TargetId is { } id ? $"/targets/{id.ToString(System.Globalization.CultureInfo.InvariantCulture)}/edit" : "/targets/new";
}

/// <summary>What can be watched.</summary>
public sealed record TypeChoiceModel(IReadOnlyList<(string Type, LocalizedText Name)> Types);
