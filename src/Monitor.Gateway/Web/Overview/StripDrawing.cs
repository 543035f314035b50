using System.Globalization;
using System.Text;
using Monitor.Gateway.Web.Live;

namespace Monitor.Gateway.Web.Overview;

/// <summary>The last hour as a small picture: one bar a slot, the worse the taller, so that it reads without colour.</summary>
internal static class StripDrawing
{
    public const int Width = 60;
    public const int Height = 12;

    private static readonly (Mark Mark, char Class, int Height)[] Kinds = [(Mark.Ok, 'k', 5), (Mark.Warned, 'w', 9), (Mark.Failed, 'f', 12)];

    /// <summary>The paths inside the picture: neighbours that are alike become one bar. Empty where nothing was seen.</summary>
    public static string Paths(IReadOnlyList<Mark> strip)
    {
        var text = new StringBuilder();
        foreach (var (mark, name, height) in Kinds)
        {
            var start = text.Length;
            for (var at = 0; at < strip.Count; at++)
            {
                if (strip[at] != mark)
                {
                    continue;
                }

                var run = 1;
                while (at + run < strip.Count && strip[at + run] == mark)
                {
                    run++;
                }

                var slot = Width / strip.Count;
                text.Append(CultureInfo.InvariantCulture, $"M{at * slot} {Height}v-{height}h{run * slot}v{height}z");
                at += run - 1;
            }

            if (text.Length > start)
            {
                text.Insert(start, $"<path class=\"{name}\" d=\"").Append("\"/>");
            }
        }

        return text.ToString();
    }
}
