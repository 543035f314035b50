using Monitor.Core.Alerts;

namespace Monitor.Grains.Notifying;

/// <summary>One message on its way to a robot, with all deliveries that it carries and the mention that follows it.</summary>
internal sealed record Dispatch
{
    public required string MessageId { get; init; }
    public required string Content { get; init; }
    public required IReadOnlyList<Entry> Entries { get; init; }

    /// <summary>Null when nobody is mentioned.</summary>
    public Mention? Mention { get; init; }

    /// <summary>Deliveries of which a copy may have arrived already.</summary>
    public int Repeated { get; init; }

    public IEnumerable<Notice> Notices => Entries.SelectMany(entry => entry.Notices);

    public IEnumerable<Delivery> Deliveries => Notices.SelectMany(notice => notice.Deliveries);
}

/// <summary>A short text of its own: markdown can mention neither everybody nor a phone number.</summary>
internal sealed record Mention(string MessageId, string Content, bool All, IReadOnlyList<string> Mobiles);

/// <summary>What a robot's sender does next.</summary>
/// <param name="Until">When to look again without being called; null: not before something comes.</param>
internal readonly record struct Step(Dispatch? Send, TimeSpan? Until)
{
    public static readonly Step Idle = new(null, null);
}
