using Microsoft.AspNetCore.Http;

namespace Monitor.Gateway.Web.Serving;

internal static class SecurityHeaders
{
    /// <summary>Nothing from elsewhere, nothing inline, in nobody's frame.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    public static void Write(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

        // What one visitor may see stays out of every cache, the browser's included: after signing out nothing is left.
        headers.CacheControl = "no-store";
        headers.Vary = "Accept-Language, Cookie";
    }
}
