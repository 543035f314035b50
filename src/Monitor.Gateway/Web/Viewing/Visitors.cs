using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Monitor.Core.Health;
using Monitor.Core.Text;
using Monitor.Gateway.Access;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Sessions;

namespace Monitor.Gateway.Web.Viewing;

/// <summary>Reads what a browser says of its user: cookies first, then what it asks for, then the installation's settings.</summary>
internal sealed class Visitors(GatewayOptions options, FormGuard guard, BoardReader board, TimeProvider time)
{
    public const string LanguageCookie = "monitor_lang";
    public const string ThemeCookie = "monitor_theme";
    public const string ZoneCookie = "monitor_zone";

    public Visitor Of(HttpContext context, Caller? caller, bool withForm = true)
    {
        var zone = Zone(context);
        var request = context.Request;
        return new Visitor
        {
            Language = LanguageOf(context),
            Zone = zone ?? options.TimeZone,
            ZoneIsKnown = zone is not null,
            Theme = request.Cookies[ThemeCookie] switch { "light" => Theme.Light, "dark" => Theme.Dark, _ => Theme.Auto },
            Now = time.GetUtcNow(),
            Role = caller?.Role,
            Name = caller?.Name ?? "",
            HasSession = options.Access != AccessMode.Open && caller is not null,
            FormMark = withForm ? guard.Mark(context, caller) : "",
            IsReadable = HttpMethods.IsGet(request.Method),
            Unhealthy = caller is null ? 0 : board.Latest.Count(HealthStatus.Unhealthy),
            StoreAway = caller is null ? null : board.Latest.Away,
            Address = request.Path + request.QueryString.ToString(),
        };
    }

    private Language LanguageOf(HttpContext context)
    {
        switch (context.Request.Cookies[LanguageCookie])
        {
            case "zh":
                return Language.Chinese;
            case "en":
                return Language.English;
            default:
                break;
        }

        if (!StringWithQualityHeaderValue.TryParseList(context.Request.Headers.AcceptLanguage, out var wanted))
        {
            return options.Language;
        }

        foreach (var item in wanted.Where(item => item.Quality is not 0).OrderByDescending(item => item.Quality ?? 1))
        {
            if (item.Value.StartsWith("zh", StringComparison.OrdinalIgnoreCase))
            {
                return Language.Chinese;
            }

            if (item.Value.StartsWith("en", StringComparison.OrdinalIgnoreCase))
            {
                return Language.English;
            }
        }

        return options.Language;
    }

    private static TimeZoneInfo? Zone(HttpContext context) =>
        context.Request.Cookies[ZoneCookie] is { Length: > 0 and < 64 } name && TimeZoneInfo.TryFindSystemTimeZoneById(Uri.UnescapeDataString(name), out var zone) ? zone : null;
}
