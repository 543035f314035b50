using System.Globalization;
using System.Text;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>
/// What a silo tells that reaches neither the store nor most of its peers: that it is cut off, and what it sees down. It carries no references: nothing of it is an alert,
/// and whoever has taken its targets over tells those.
/// </summary>
public static class CutOffText
{
    private const int SiloBytes = 200;
    private const int NameBytes = 160;
    private const int EndpointBytes = 120;
    private const int MessageBytes = 160;

    /// <summary>For the line that says how many more there are.</summary>
    private const int ReservedForRest = 64;

    private static readonly LocalizedText Title = new("This monitor is cut off", "本监控节点已失联");

    private static readonly LocalizedText Meaning = new(
        "it reaches neither its store nor most of the other monitors. It looks on, but records nothing and tells nothing else; others may have taken its targets over, or nobody may watch them",
        "该节点连不上存储，也连不上多数其他节点。它仍在查看，但不记录，也不发送其他通知；其目标可能已由其他节点接管，也可能无人监控");

    private static readonly LocalizedText Doubt = new(
        "as seen from here: the cause may be this monitor's own network", "以下为该节点所见，原因可能在于它自己的网络");

    /// <param name="silo">Its name.</param>
    /// <param name="since">From when on it has been cut off.</param>
    /// <param name="watched">Targets that it looks at for whoever reads this.</param>
    /// <param name="down">What it sees down of them, in the order in which it is to be told; what does not fit is counted.</param>
    public static string Markdown(
        string silo, DateTimeOffset since, int watched, IReadOnlyList<CutOffLine> down, DateTimeOffset now, MessageOptions options, int maxBytes = MessageOptions.MarkdownBytes)
    {
        var language = options.Language;
        var text = new StringBuilder("### <font color=\"warning\">").Append(Title.In(language)).Append("</font> ").Append(ByteCut.To(SafeText.Line(silo), SiloBytes));
        Row(text, new("Meaning", "说明"), Meaning.In(language), language);
        Row(text, new("Since", "开始时间"), options.Time(since), language);
        Row(text, new("Lasted", "持续时间"), DurationText.Of(now - since, language), language);
        Row(text, new("Seen down", "所见异常"), Count(down.Count, watched).In(language), language);
        if (down.Count > 0)
        {
            text.Append("\n<font color=\"comment\">").Append(Doubt.In(language)).Append("</font>");
        }

        Fill(text, down, maxBytes, language);
        return ByteCut.To(text.ToString(), maxBytes);
    }

    private static void Fill(StringBuilder text, IReadOnlyList<CutOffLine> down, int maxBytes, Language language)
    {
        var room = maxBytes - ByteCut.Count(text.ToString()) - ReservedForRest;
        for (var told = 0; told < down.Count; told++)
        {
            var line = Line(down[told]);
            room -= ByteCut.Count(line);
            if (room < 0)
            {
                text.Append('\n').Append(More(down.Count - told).In(language));
                return;
            }

            text.Append(line);
        }
    }

    private static string Line(CutOffLine line) =>
        "\n" + ByteCut.To(SafeText.Line(line.Name), NameBytes)
        + " (" + ByteCut.To(SafeText.Line(line.Endpoint), EndpointBytes) + ") · " + ByteCut.To(SafeText.Line(line.Message), MessageBytes);

    private static LocalizedText Count(int down, int watched) => new(
        string.Create(CultureInfo.InvariantCulture, $"{down} of {watched} targets"), string.Create(CultureInfo.InvariantCulture, $"{watched} 个目标中的 {down} 个"));

    private static LocalizedText More(int rest) => new(
        string.Create(CultureInfo.InvariantCulture, $"and {rest} more"), string.Create(CultureInfo.InvariantCulture, $"另有 {rest} 个"));

    private static void Row(StringBuilder text, LocalizedText name, string value, Language language) =>
        text.Append("\n> ").Append(name.In(language)).Append(": ").Append(value);
}

/// <summary>A target that is seen down.</summary>
/// <param name="Message">What the failing side said.</param>
public readonly record struct CutOffLine(string Name, string Endpoint, string Message);
