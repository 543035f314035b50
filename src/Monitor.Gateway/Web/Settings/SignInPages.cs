using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Sessions;
using Monitor.Gateway.Web.Text;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Settings;

/// <summary>Signing in and out, and how a browser wants its pages.</summary>
internal sealed class SignInPages(BrowserSessions sessions, SignInLimit limit)
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/sign-in", null, ShowAsync);
        pages.Post(routes, "/sign-in", null, SignInAsync);
        pages.Post(routes, "/sign-out", null, SignOutAsync);
        pages.Post(routes, "/preferences", null, PreferAsync);
    }

    private async Task<PageAnswer> ShowAsync(PageCall call)
    {
        var next = call.Query.Text("next", 2048) is { } given && GoTo.IsLocal(given) ? given : "/";
        return await sessions.CallerAsync(call.Context) is not null ? new GoTo(next) : Shown.Of<SignInPage>(new SignInModel(next));
    }

    private async Task<PageAnswer> SignInAsync(PageCall call)
    {
        var next = call.Text("next") is var given && GoTo.IsLocal(given) ? given : "/";
        var address = call.Context.Connection.RemoteIpAddress;
        if (limit.Wait(address) is { } wait)
        {
            return new Refused(new Problem(StatusCodes.Status429TooManyRequests, SettingsWords.TooManyTries) { RetryAfter = wait });
        }

        var token = call.Text("token");
        if (token.Length is > 0 and <= 1024 && await sessions.OpenAsync(call.Context, token) is not null)
        {
            return new GoTo(next);
        }

        limit.Wrong(address);
        return Shown.Of<SignInPage>(new SignInModel(next, SettingsWords.WrongToken), StatusCodes.Status401Unauthorized);
    }

    private static Task<PageAnswer> SignOutAsync(PageCall call)
    {
        BrowserSessions.Close(call.Context);
        call.Context.Response.Headers["Clear-Site-Data"] = "\"cache\"";
        return Task.FromResult<PageAnswer>(new GoTo("/sign-in"));
    }

    private static Task<PageAnswer> PreferAsync(PageCall call)
    {
        if (call.Text("lang") is "zh" or "en")
        {
            Keep(call, Visitors.LanguageCookie, call.Text("lang"));
        }

        if (EnumNames.Parse<Theme>(call.Text("theme")) is { } theme)
        {
            Keep(call, Visitors.ThemeCookie, theme.Name());
        }

        return Task.FromResult<PageAnswer>(GoTo.Local(call.Text("back")));
    }

    private static void Keep(PageCall call, string name, string value) => call.Context.Response.Cookies.Append(name, value, new CookieOptions
    {
        MaxAge = Year,
        Path = "/",
        SameSite = SameSiteMode.Lax,
        HttpOnly = true,
        Secure = BrowserSessions.IsHttps(call.Context),
        IsEssential = true,
    });
}
