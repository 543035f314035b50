using System.Globalization;
using System.Text;
using Monitor.Core.Alerts;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>
/// Many notices in one message: a title with counts, then a line each with name, reference and what happened. The more there are, the shorter the lines:
/// in a storm at least 60 fit, because only 20 messages a minute may go out.
/// </summary>
public static class DigestText
{
    private const int ReservedForTitle = 256;

    /// <summary>From telling to terse: bytes for the name, bytes for what the failing side said.</summary>
    private static readonly (int Name, int Message)[] Details = [(600, 240), (200, 96), (96, 0), (36, 0)];

    /// <summary>A digest of the first entries, as many as fit.</summary>
    /// <param name="waiting">How many notices wait in all; what does not fit is announced in the title.</param>
    public static Digest Compose(IReadOnlyList<DigestEntry> entries, int waiting, DateTimeOffset now, MessageOptions options, int maxBytes = MessageOptions.MarkdownBytes)
    {
        var link = options.PublicUrl is { } url ? $"\n[{new LocalizedText("Overview", "查看总览").In(options.Language)}]({url.AbsoluteUri})" : "";
        var room = maxBytes - ReservedForTitle - ByteCut.Count(link);
        var lines = new List<string>();
        foreach (var (name, message) in Details)
        {
            if (Fill(lines, entries, room, line => Line(line, name, message, now, options)))
            {
                break;
            }
        }

        var told = entries.Take(lines.Count).ToList();
        var text = new StringBuilder(Title(told, waiting - told.Count, options.Language));
        foreach (var line in lines)
        {
            text.Append('\n').Append(line);
        }

        return new Digest(text.Append(link).ToString(), told.Count);
    }

    /// <summary>What a digest's mention says.</summary>
    public static string Brief(IReadOnlyList<DigestEntry> told, Language language)
    {
        var first = told.First(entry => entry.Kind == NoticeKind.Firing);
        var firing = told.Count(entry => entry.Kind == NoticeKind.Firing);
        var text = AlertText.Brief(first.Kind, first.Alert, language);
        var more = string.Create(CultureInfo.InvariantCulture, $" (+{firing - 1})");
        return firing == 1 ? text : text + more;
    }

    private static bool Fill(List<string> lines, IReadOnlyList<DigestEntry> entries, int room, Func<DigestEntry, string> write)
    {
        lines.Clear();
        foreach (var entry in entries)
        {
            var line = write(entry);
            room -= ByteCut.Count(line) + 1;
            if (room < 0 && lines.Count > 0)
            {
                return false;
            }

            lines.Add(line);
        }

        return true;
    }

    private static string Line(DigestEntry entry, int nameBytes, int messageBytes, DateTimeOffset now, MessageOptions options)
    {
        var alert = entry.Alert;
        var line = MessageWords.Title(entry.Kind, alert, options.Language) + " " + ByteCut.To(SafeText.Line(alert.TargetName), nameBytes) + " " + alert.Reference;
        if (messageBytes == 0)
        {
            return line;
        }

        var lasted = DurationText.Of(AlertText.Lasted(entry.Kind, alert, now), options.Language);
        return line + " · " + lasted + " · " + ByteCut.To(SafeText.Line(alert.Message), messageBytes);
    }

    private static string Title(List<DigestEntry> told, int more, Language language)
    {
        var firing = told.Count(entry => entry.Kind == NoticeKind.Firing);
        var resolved = told.Count(entry => entry.Kind == NoticeKind.Resolved);
        var joined = told.Count - firing - resolved;
        var chinese = language == Language.Chinese;
        var title = chinese ? $"### 共 {told.Count} 条：告警 {firing}，结束 {resolved}" : $"### {told.Count} notices: {firing} firing, {resolved} over";
        if (joined > 0)
        {
            title += chinese ? $"，告警后已结束 {joined}" : $", {joined} fired and over";
        }

        if (more > 0)
        {
            title += chinese ? $"；另有 {more} 条随后发送" : $"; {more} more follow";
        }

        return title;
    }
}

/// <summary>One line of a digest.</summary>
public readonly record struct DigestEntry(NoticeKind Kind, AlertRecord Alert);

/// <param name="Told">How many of the entries, from the first on, are in it: at least one.</param>
public readonly record struct Digest(string Content, int Told);
