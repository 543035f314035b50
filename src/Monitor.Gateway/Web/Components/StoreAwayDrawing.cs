using System.Text.Encodings.Web;
using System.Text.Unicode;
using Monitor.Gateway.Web.Text;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Components;

/// <summary>The line on every page that says that the store is away and since when; an empty place while it is there, for the live updates.</summary>
internal static class StoreAwayDrawing
{
    public const string Id = "store-away";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static string Html(Visitor visitor) => visitor.StoreAway is { } away
        ? $"<div id=\"{Id}\" class=\"notice n-warn\" role=\"status\"><div>{Encoder.Encode(visitor.T(CommonWords.StoreAway, visitor.ExactWithZone(away.Since)))}</div></div>"
        : $"<div id=\"{Id}\" hidden></div>";
}
