using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers;

public sealed class TlsTests : IDisposable
{
    private const string Fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly TestCertificates _certificates = new();

    [Fact]
    public async Task A_trusted_certificate_is_measured()
    {
        using var certificate = _certificates.Server(90);
        await using var server = ScriptedServer.Http(_ => Fine, tls: certificate);
        var result = await ProbeBench.HttpAsync(new { url = Https(server), tls = new { ca_pem = _certificates.AuthorityPem } });
        Assert.Null(result.Message);
        Assert.Empty(result.Warnings);
        Assert.Equal("1.3", result.Metrics["tls_version"]!.Value.Text);
        Assert.InRange(result.Metrics["cert_days_left"]!.Value.Number!.Value, 89.8, 90);
        Assert.True(result.Metrics["tls_ms"]!.Value.Number > 0);
    }

    [Fact]
    public async Task An_unknown_authority_is_a_failure_unless_verification_is_off()
    {
        using var certificate = _certificates.Server(90);
        await using var server = ScriptedServer.Http(_ => Fine, tls: certificate);
        var refused = await ProbeBench.HttpAsync(new { url = Https(server) });
        var accepted = await ProbeBench.HttpAsync(new { url = Https(server), tls = new { verify = false } });
        Assert.StartsWith("tls: certificate is not trusted: ", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Metrics["cert_days_left"]);
        Assert.Equal(ProbeOutcome.Ok, accepted.Outcome);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_named()
    {
        using var certificate = _certificates.Server(90, "other.test", withAddress: false);
        await using var server = ScriptedServer.Http(_ => Fine, tls: certificate);
        var refused = await ProbeBench.HttpAsync(new { url = Https(server), tls = new { ca_pem = _certificates.AuthorityPem } });
        var asked = await ProbeBench.HttpAsync(new { url = Https(server), tls = new { ca_pem = _certificates.AuthorityPem, server_name = "other.test" } });
        Assert.Equal("tls: certificate is for other.test, not for 127.0.0.1", refused.Message);
        Assert.Equal(ProbeOutcome.Ok, asked.Outcome);
    }

    [Theory]
    [InlineData(10, 14, 0, null, "certificate ends in 9.9 days (")]
    [InlineData(10, 5, 0, null, null)]
    [InlineData(10, 14, 11, "tls: certificate ends in 9.9 days (", null)]
    [InlineData(-1, 14, 0, "tls: certificate expired: certificate ends in -1", null)]
    [InlineData(-1, -30, -30, "tls: certificate is not trusted: ", null)]
    public async Task Days_left_are_held_against_their_limits(double days, int warn, int min, string? failure, string? warning)
    {
        using var certificate = _certificates.Server(days);
        await using var server = ScriptedServer.Http(_ => Fine, tls: certificate);
        var result = await ProbeBench.HttpAsync(new { url = Https(server), tls = new { ca_pem = _certificates.AuthorityPem, warn_cert_days = warn, min_cert_days = min } });
        Assert.StartsWith(failure ?? "", result.Message ?? "", StringComparison.Ordinal);
        Assert.Equal(failure is null, result.Outcome == ProbeOutcome.Ok);
        Assert.StartsWith(warning ?? "", result.Warnings.SingleOrDefault() ?? "", StringComparison.Ordinal);
        Assert.Equal(warning is null ? 0 : 1, result.Warnings.Count);
    }

    [Fact]
    public async Task A_plain_server_on_a_tls_port_is_named()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("220 mail.test ESMTP ready and waiting\r\n"u8.ToArray(), token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var result = await ProbeBench.HttpAsync(new { url = Https(server) });
        Assert.Equal("tls: the server did not answer with TLS: it seems to speak plain text on this port", result.Message);
    }

    [Fact]
    public async Task A_server_that_hangs_in_the_handshake_is_a_timeout()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var result = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port, tls = true }, 1);
        Assert.StartsWith("timeout: the TLS handshake did not come within 1 s", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_certificate_is_shown_to_its_own_host_only()
    {
        using var certificate = _certificates.Server(90);
        var (cert, key) = _certificates.Client();
        string? other = null;
        await using var first = MutualTls(certificate, _ => $"HTTP/1.1 302 Found\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n");
        await using var second = MutualTls(certificate, _ => Fine);
        other = Https(second);
        var result = await ProbeBench.HttpAsync(new
        {
            url = Https(first),
            tls = new { ca_pem = _certificates.AuthorityPem, client_cert_pem = cert, client_key_pem = key },
        });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal("CN=probe client", first.Requests.Last());
        Assert.Equal("nobody", second.Requests.Last());
    }

    [Theory]
    [InlineData("auto", "2")]
    [InlineData("2", "2")]
    [InlineData("1.1", "1.1")]
    public async Task The_http_version_is_what_both_sides_agree_on(string asked, string spoken)
    {
        using var certificate = _certificates.Server(90);
        await using var server = await KestrelAsync(options => options.UseHttps(certificate), HttpProtocols.Http1AndHttp2);
        var result = await ProbeBench.HttpAsync(new
        {
            url = Address(server, "https"),
            http_version = asked,
            method = "POST",
            body = "abc",
            headers = new Dictionary<string, string> { ["X-One"] = "1", ["Content-Type"] = "text/plain" },
            expect_body_regex = "^1 text/plain abc$",
            tls = new { ca_pem = _certificates.AuthorityPem },
        });
        Assert.Null(result.Message);
        Assert.Equal(spoken, result.Metrics["http_version"]!.Value.Text);
        Assert.NotNull(result.Metrics["ttfb_ms"]);
    }

    [Fact]
    public async Task Http_2_without_tls_is_spoken_when_asked_for()
    {
        await using var server = await KestrelAsync(_ => { }, HttpProtocols.Http2);
        var result = await ProbeBench.HttpAsync(new { url = Address(server, "http"), http_version = "2" });
        Assert.Null(result.Message);
        Assert.Equal("2", result.Metrics["http_version"]!.Value.Text);
    }

    [Fact]
    public async Task A_server_without_http_2_is_a_failure_when_it_was_asked_for()
    {
        using var certificate = _certificates.Server(90);
        await using var server = ScriptedServer.Http(_ => Fine, tls: certificate);
        var result = await ProbeBench.HttpAsync(new { url = Https(server), http_version = "2", tls = new { verify = false } });
        Assert.Equal("protocol: the server does not offer HTTP/2, which http_version asks for", result.Message);
    }

    [Fact]
    public async Task Https_through_a_proxy_goes_through_a_tunnel()
    {
        using var certificate = _certificates.Server(90, "inside.test", withAddress: false);
        var heads = new List<string>();
        await using var proxy = ScriptedServer.Start(async (plain, token) =>
        {
            heads.Add(await ScriptedServer.ReadHeadAsync(plain, token));
            await plain.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray(), token);
            await using var inside = await ScriptedServer.SecuredAsync(plain, certificate, token);
            heads.Add(await ScriptedServer.ReadHeadAsync(inside, token));
            await inside.WriteAsync(Encoding.ASCII.GetBytes(Fine), token);
        });
        var result = await ProbeBench.HttpAsync(new
        {
            url = "https://inside.test/x",
            bearer_token = "t0k",
            proxy_url = $"http://u:p@127.0.0.1:{proxy.Port}",
            tls = new { ca_pem = _certificates.AuthorityPem },
        });
        Assert.Null(result.Message);
        Assert.StartsWith("CONNECT inside.test:443 HTTP/1.1\r\n", heads[0], StringComparison.Ordinal);
        Assert.Contains("Proxy-Authorization: Basic dTpw", heads[0], StringComparison.Ordinal);
        Assert.DoesNotContain("t0k", heads[0], StringComparison.Ordinal);
        Assert.StartsWith("GET /x HTTP/1.1\r\nHost: inside.test\r\n", heads[1], StringComparison.Ordinal);
        Assert.DoesNotContain("Proxy-Authorization", heads[1], StringComparison.Ordinal);
    }

    public void Dispose() => _certificates.Dispose();

    private static string Https(ScriptedServer server) => $"https://127.0.0.1:{server.Port}/";

    /// <summary>Notes whom each connection's certificate names.</summary>
    private static ScriptedServer MutualTls(X509Certificate2 certificate, Func<string, string> answer)
    {
        ScriptedServer? server = null;
        server = ScriptedServer.Start(async (plain, token) =>
        {
            await using var stream = new SslStream(plain, false, (_, client, _, _) => client is null or { Subject: "CN=probe client" });
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ClientCertificateRequired = true }, token);
            var request = await ScriptedServer.ReadHeadAsync(stream, token);
            server!.Requests.Enqueue(stream.RemoteCertificate?.Subject ?? "nobody");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer(request)), token);
        });
        return server;
    }

    private static async Task<WebApplication> KestrelAsync(Action<ListenOptions> listen, HttpProtocols protocols)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.Protocols = protocols;
            listen(endpoint);
        }));
        var app = builder.Build();
        app.Map("/", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            return $"{request.Headers["X-One"]} {request.ContentType} {await reader.ReadToEndAsync(request.HttpContext.RequestAborted)}";
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static string Address(WebApplication server, string scheme)
    {
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return $"{scheme}://127.0.0.1:{new Uri(address).Port}/";
    }
}
