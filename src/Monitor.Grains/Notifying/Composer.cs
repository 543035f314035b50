using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Messages;

namespace Monitor.Grains.Notifying;

/// <summary>Words for entries: which template, which language, whom to mention, as the channels of the robot want it.</summary>
internal sealed class Composer(MessageOptions options, Func<long, Channel?> find)
{
    /// <summary>After a refusal as too long.</summary>
    private const int ShortenedBytes = 1024;

    public string Single(Entry entry, DateTimeOffset now)
    {
        var settings = First(entry);
        var most = entry.Notices.Any(notice => notice.Shortened) ? ShortenedBytes : MessageOptions.MarkdownBytes;
        var style = Style(settings);
        if (entry.Kind != NoticeKind.Joined)
        {
            var template = entry.Kind == NoticeKind.Firing ? settings?.TemplateFiring : settings?.TemplateResolved;
            return AlertText.Markdown(entry.Kind, entry.Alert, now, style, template, most);
        }

        if (settings?.TemplateFiring is null && settings?.TemplateResolved is null)
        {
            return AlertText.Markdown(NoticeKind.Joined, entry.Alert, now, style, null, most);
        }

        // Two layouts of the user's own: one under the other, each with half the room.
        return AlertText.Markdown(NoticeKind.Firing, entry.Firing!.Alert, now, style, settings.TemplateFiring, most / 2)
            + "\n" + AlertText.Markdown(NoticeKind.Resolved, entry.Alert, now, style, settings.TemplateResolved, most / 2 - 1);
    }

    public (string Content, int Told) Digest(List<Entry> entries, int waiting, DateTimeOffset now)
    {
        var digest = DigestText.Compose(Lines(entries), waiting, now, Style(First(entries[0])));
        return (digest.Content, digest.Told);
    }

    /// <summary>Only an outage that begins calls people; never a warning, never an end.</summary>
    public bool Mentions(Entry entry) =>
        entry.Kind == NoticeKind.Firing
        && entry.Alert.Severity == AlertSeverity.Critical
        && entry.Firing!.Deliveries.Exists(delivery => find(delivery.Key.ChannelId)?.Settings is { MentionAll: true } or { MentionedMobiles.Count: > 0 });

    /// <summary>For everybody whom the channels of these entries name, once.</summary>
    public Mention Mention(List<Entry> entries)
    {
        var calling = entries.Where(Mentions).ToList();
        var channels = calling.SelectMany(entry => entry.Firing!.Deliveries).Select(delivery => find(delivery.Key.ChannelId)?.Settings).OfType<ChannelSettings>().Distinct().ToList();
        var text = DigestText.Brief(Lines(calling), Style(First(calling[0])).Language);
        return new Mention("", text, channels.Exists(channel => channel.MentionAll), [.. channels.SelectMany(channel => channel.MentionedMobiles).Distinct(StringComparer.Ordinal)]);
    }

    public MessageOptions Style(ChannelSettings? settings) => settings?.Language is { } language ? options with { Language = language } : options;

    private static DigestEntry[] Lines(List<Entry> entries) => [.. entries.Select(entry => new DigestEntry(entry.Kind, entry.Alert))];

    /// <summary>Channels that share a robot share the message: the oldest one's wishes count.</summary>
    private ChannelSettings? First(Entry entry) => find(entry.Notices.SelectMany(notice => notice.Deliveries).Min(delivery => delivery.Key.ChannelId))?.Settings;
}
