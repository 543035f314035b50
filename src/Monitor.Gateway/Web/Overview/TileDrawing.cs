using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Text;

namespace Monitor.Gateway.Web.Overview;

/// <summary>
/// One target as a tile. Written by hand, not as a component: the overview has thousands of them, and each is drawn once for as long as it looks the same.
/// </summary>
internal static class TileDrawing
{
    private const int NameThatFits = 22;

    public static string Id(long targetId) => "t-" + targetId.ToString(CultureInfo.InvariantCulture);

    public static string Html(BoardTarget target, Language language, HtmlEncoder encoder)
    {
        ref var drawn = ref target.Drawn[(int)language];
        return drawn ??= Draw(target, language, encoder);
    }

    private static string Draw(BoardTarget target, Language language, HtmlEncoder encoder)
    {
        var (name, status, id) = (encoder.Encode(target.Name), target.Status.Name(), target.Id);
        var html = new StringBuilder(256);
        html.Append(CultureInfo.InvariantCulture, $"<a class=\"tile s-{status}\" id=\"t-{id}\" href=\"/targets/{id}\"");
        if (target.Name.Length > NameThatFits)
        {
            html.Append(" title=\"").Append(name).Append('"');
        }

        html.Append("><svg class=\"icon\" role=\"img\" aria-label=\"").Append(encoder.Encode(StatusWords.Of(target.Status).In(language))).Append("\"><use href=\"#i-").Append(status)
            .Append("\"/></svg><span>").Append(name).Append("</span>");
        return html.Append("<svg class=\"strip\" viewBox=\"0 0 60 12\" aria-hidden=\"true\">").Append(StripDrawing.Paths(target.Strip)).Append("</svg></a>").ToString();
    }
}
