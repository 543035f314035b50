using System.Reflection;
using System.Text;
using Monitor.Core.Configs.Http;

namespace Monitor.Probers.Http;

/// <summary>One request of a probe: the first, or where a redirect led.</summary>
/// <param name="Trusted">Still the server that the credentials are meant for.</param>
public sealed record HttpHop(HttpConfig Config, HttpPlace Place, string Method, byte[]? Body, bool Trusted)
{
    private static readonly string UserAgent = $"Monitor/{typeof(HttpHop).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    /// <summary>A plain request through a proxy names its whole URL; https goes through a tunnel.</summary>
    private bool ThroughProxy => Config.Proxy is not null && !Place.Https;

    /// <summary>The request's headers but Host and the framing; without credentials once a redirect has left the host.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers()
    {
        var (agent, accept, authorization) = (false, false, false);
        foreach (var header in Config.Headers)
        {
            if (header.Key.Equals("host", StringComparison.OrdinalIgnoreCase) || (!Trusted && Core.Schemas.SecretUrl.IsCredentialName(header.Key))
                || (Body is null && Config.Body is not null && header.Key.StartsWith("content-", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            agent |= header.Key.Equals("user-agent", StringComparison.OrdinalIgnoreCase);
            accept |= header.Key.Equals("accept", StringComparison.OrdinalIgnoreCase);
            authorization |= header.Key.Equals("authorization", StringComparison.OrdinalIgnoreCase);
            yield return header;
        }

        if (!agent)
        {
            yield return KeyValuePair.Create("User-Agent", UserAgent);
        }

        if (!accept)
        {
            yield return KeyValuePair.Create("Accept", "*/*");
        }

        if (!authorization && Trusted && Config.Authorization is { } login)
        {
            yield return KeyValuePair.Create("Authorization", login);
        }
    }

    /// <summary>What the Host header says: the user's own only towards the user's own server.</summary>
    public string Host()
    {
        foreach (var header in Config.Headers)
        {
            if (Trusted && header.Key.Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return Place.Authority;
    }

    /// <summary>True when the server got something to log in with, so that its 401 is a refused login.</summary>
    public bool HasLogin => Trusted && (Config.Authorization is not null
        || Config.Headers.Any(header => header.Key.Equals("authorization", StringComparison.OrdinalIgnoreCase)));

    /// <summary>The request as HTTP/1.1 sends it.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder(256).Append(Method).Append(' ').Append(ThroughProxy ? Place.Url : Place.Target).Append(" HTTP/1.1\r\nHost: ").Append(Host()).Append("\r\n");
        foreach (var header in Headers())
        {
            text.Append(header.Key).Append(": ").Append(header.Value).Append("\r\n");
        }

        if (ThroughProxy && Config.Proxy!.Authorization is { } proxyLogin)
        {
            text.Append("Proxy-Authorization: ").Append(proxyLogin).Append("\r\n");
        }

        if (Body is not null || Method is "POST" or "PUT" or "PATCH")
        {
            text.Append("Content-Length: ").Append(Body?.Length ?? 0).Append("\r\n");
        }

        var head = text.Append("Connection: close\r\n\r\n").ToString();
        var bytes = new byte[Encoding.UTF8.GetByteCount(head) + (Body?.Length ?? 0)];
        var written = Encoding.UTF8.GetBytes(head, bytes);
        Body?.CopyTo(bytes, written);
        return bytes;
    }

    /// <summary>The request that asks a proxy for a tunnel.</summary>
    public byte[] TunnelRequest()
    {
        var place = Place.Host.Contains(':', StringComparison.Ordinal) ? $"[{Place.Host}]:{Place.Port}" : $"{Place.Host}:{Place.Port}";
        var login = Config.Proxy!.Authorization is { } proxyLogin ? $"Proxy-Authorization: {proxyLogin}\r\n" : "";
        return Encoding.UTF8.GetBytes($"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {UserAgent}\r\n{login}\r\n");
    }

    /// <summary>The request after a redirect: methods change as browsers change them.</summary>
    public HttpHop Redirected(int status, HttpPlace next)
    {
        var toGet = (status == 303 && Method is not "HEAD") || (status is 301 or 302 && Method == "POST");
        return this with { Place = next, Method = toGet ? "GET" : Method, Body = toGet ? null : Body, Trusted = Trusted && Place.StaysWith(next) };
    }
}
