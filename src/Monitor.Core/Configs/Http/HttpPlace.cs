using System.Net;

namespace Monitor.Core.Configs.Http;

/// <summary>Where one request goes, taken apart once so that a probe does not parse URLs.</summary>
/// <param name="Host">Name in ASCII, or address without brackets.</param>
/// <param name="Authority">What the Host header says: the port only where it is not the scheme's own.</param>
/// <param name="Target">Path and query, escaped.</param>
public sealed record HttpPlace(bool Https, string Host, int Port, string Authority, string Target)
{
    public string Url => $"{(Https ? "https" : "http")}://{Authority}{Target}";

    /// <summary>The same server: what was meant for one may be told the other. The usual step from http to https on one host is no leaving.</summary>
    public bool StaysWith(HttpPlace next) =>
        string.Equals(Host, next.Host, StringComparison.OrdinalIgnoreCase)
        && ((Https == next.Https && Port == next.Port) || (!Https && next.Https && Port == 80 && next.Port == 443));

    /// <summary>Null where a <c>Location</c> leads to no http(s) URL. Credentials inside it are not used: the server that sends it does not choose what we log in with.</summary>
    public HttpPlace? Follow(string location) =>
        Uri.TryCreate(Url, UriKind.Absolute, out var from) && Uri.TryCreate(from, location, out var to) ? From(to) : null;

    /// <summary>Null when it is no http(s) URL with a host.</summary>
    public static HttpPlace? From(Uri uri)
    {
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("http" or "https") || uri.Port is < 1 or > 65535)
        {
            return null;
        }

        var host = uri.IdnHost;
        var shown = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return host.Length == 0
            ? null
            : new HttpPlace(uri.Scheme == "https", host, uri.Port, uri.IsDefaultPort ? shown : CommonFields.HostAndPort(host, uri.Port), uri.PathAndQuery);
    }

    /// <summary>User and password inside a URL, or null.</summary>
    public static NetworkCredential? Login(Uri uri)
    {
        if (uri.UserInfo.Length == 0)
        {
            return null;
        }

        var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? new NetworkCredential(Uri.UnescapeDataString(uri.UserInfo), "")
            : new NetworkCredential(Uri.UnescapeDataString(uri.UserInfo[..colon]), Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]));
    }
}
