using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Configs.Tcp;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class HttpConfigTests
{
    [Fact]
    public void Absent_and_null_fields_have_the_defaults_of_the_contract()
    {
        var config = Read("""{"url":"https://h.test/","method":null,"tls":null}""");
        Assert.Equal("GET", config.Method);
        Assert.Equal("200-299", config.ExpectStatus.ToString());
        Assert.True(config.FollowRedirects);
        Assert.Equal(HttpVersionChoice.Auto, config.Version);
        Assert.Equal(1024 * 1024, config.MaxBodyBytes);
        Assert.Equal((true, 14, 0), (config.Tls!.Verify, config.Tls.WarnCertDays, config.Tls.MinCertDays));
        Assert.False(config.JudgesBody);
    }

    [Theory]
    [InlineData("http://h.test", "h.test", 80, "h.test", "/")]
    [InlineData("http://H.test:8080/a?b#c", "h.test", 8080, "h.test:8080", "/a?b")]
    [InlineData("https://[::1]:443/", "::1", 443, "[::1]", "/")]
    [InlineData("https://[::1]:444/", "::1", 444, "[::1]:444", "/")]
    [InlineData("http://例子.测试/路", "xn--fsqu00a.xn--0zwm56d", 80, "xn--fsqu00a.xn--0zwm56d", "/%E8%B7%AF")]
    public void A_url_is_taken_apart_once(string url, string host, int port, string authority, string target)
    {
        var place = Read(JsonSerializer.Serialize(new { url })).Place;
        Assert.Equal((host, port, authority, target), (place.Host, place.Port, place.Authority, place.Target));
    }

    [Theory]
    [InlineData("http://h/", "https://h/", true)]
    [InlineData("http://h/", "http://H/other", true)]
    [InlineData("https://h/", "http://h/", false)]
    [InlineData("http://h:8080/", "https://h:8443/", false)]
    [InlineData("http://h/", "http://h:81/", false)]
    [InlineData("http://h/", "http://h.evil/", false)]
    public void Credentials_go_with_a_redirect_only_to_the_same_server(string from, string to, bool stays) =>
        Assert.Equal(stays, HttpPlace.From(new Uri(from))!.StaysWith(HttpPlace.From(new Uri(to))!));

    [Theory]
    [InlineData("""{"url":"http://u:p%40ss@h/"}""", "u:p@ss")]
    [InlineData("""{"url":"http://u:p@h/","username":"x","password":"y"}""", "x:y")]
    [InlineData("""{"url":"http://h/","username":"x"}""", "x:")]
    public void Basic_credentials_come_from_the_fields_or_the_url(string config, string login) =>
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(login)), Read(config).Authorization);

    [Fact]
    public void The_endpoint_holds_no_secret()
    {
        using var http = JsonDocument.Parse("""{"url":"https://u:p4ss@h.test/a?token=t0k&b=c"}""");
        using var tcp = JsonDocument.Parse("""{"host":"::1","port":22}""");
        using var ping = JsonDocument.Parse("""{"host":"h.test"}""");
        Assert.Equal("https://u:******@h.test/a?token=******&b=c", HttpConfig.Read(http.RootElement).Endpoint);
        Assert.Equal("[::1]:22", TcpConfig.Read(tcp.RootElement).Endpoint);
        Assert.Equal("h.test", PingConfig.Read(ping.RootElement).Endpoint);
    }

    [Fact]
    public void Everything_that_can_leak_is_known_as_a_secret()
    {
        var config = Read("""
            {"url":"http://u:fromurl@h/?api_key=fromquery","username":"x","password":"frompassword","proxy_url":"http://q:fromproxy@p:1",
             "headers":{"X-Auth-Token":"fromheader","X-Plain":"plain"}}
            """);
        string[] secrets = ["frompassword", "fromurl", "fromquery", "fromheader", config.Authorization!["Basic ".Length..], config.Proxy!.Authorization!["Basic ".Length..]];
        Assert.All(secrets, secret => Assert.Contains(secret, config.Secrets));
        Assert.DoesNotContain("plain", config.Secrets);
    }

    [Theory]
    [InlineData("""{"url":"http://other.test/"}""", "url")]
    [InlineData("""{"proxy_url":"http://p.test:1"}""", "proxy_url")]
    [InlineData("""{"tls":{"verify":false}}""", "tls")]
    [InlineData("""{"username":"other"}""", "username")]
    public void Whoever_redirects_a_secret_must_send_it_again(string change, string field)
    {
        const string Stored = """{"url":"http://h.test/","username":"u","password":"s3cret","headers":{"X-Api-Key":"k"}}""";
        using var stored = JsonDocument.Parse(Stored);
        var sent = JsonNode.Parse(SecretFields.Masked(HttpConfig.Schema, stored.RootElement).ToJsonString())!.AsObject();
        var same = new List<FieldError>();
        SecretFields.Restored(HttpConfig.Schema, JsonSerializer.SerializeToElement(sent), stored.RootElement, "config", same);
        foreach (var property in JsonNode.Parse(change)!.AsObject())
        {
            sent[property.Key] = property.Value!.DeepClone();
        }

        var errors = new List<FieldError>();
        SecretFields.Restored(HttpConfig.Schema, JsonSerializer.SerializeToElement(sent), stored.RootElement, "config", errors);
        Assert.Empty(same);
        Assert.Equal(["config.headers.X-Api-Key", "config.password"], errors.Select(error => error.Path).Order(StringComparer.Ordinal));
        Assert.All(errors, error => Assert.Contains(field, error.Message.English, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_field_is_described_in_both_languages()
    {
        foreach (var schema in (ObjectSchema[])[HttpConfig.Schema, TcpConfig.Schema, PingConfig.Schema, Monitor.Core.Configs.Tls.TlsConfig.Schema])
        {
            Assert.All(schema.Fields, field =>
            {
                Assert.NotEqual("", field.Description.English);
                Assert.NotEqual("", field.Description.Chinese);
                Assert.NotEqual(field.Description.Chinese, field.Description.English);
            });
            Assert.NotNull(schema.ToJsonSchema(Language.Chinese));
        }
    }

    private static HttpConfig Read(string json)
    {
        using var config = JsonDocument.Parse(json);
        var reading = HttpConfig.Read(config.RootElement);
        Assert.Empty(reading.Errors);
        return (HttpConfig)reading.Config!;
    }
}
