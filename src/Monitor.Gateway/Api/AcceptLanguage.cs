using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>The language in which a caller wants errors: English unless Chinese is asked for.</summary>
internal static class AcceptLanguage
{
    public static Language Of(HttpContext context)
    {
        if (!StringWithQualityHeaderValue.TryParseList(context.Request.Headers.AcceptLanguage, out var wanted))
        {
            return Language.English;
        }

        var best = wanted
            .Where(item => item.Quality is not 0 && (Speaks(item, "zh") || Speaks(item, "en")))
            .MaxBy(item => item.Quality ?? 1);
        return best is not null && Speaks(best, "zh") ? Language.Chinese : Language.English;
    }

    private static bool Speaks(StringWithQualityHeaderValue item, string language) =>
        item.Value.Equals(language, StringComparison.OrdinalIgnoreCase)
        || item.Value.StartsWith(language + "-", StringComparison.OrdinalIgnoreCase);
}
