using System.Text.Json;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Configs.Tcp;
using Monitor.Core.Probing;
using Xunit;

namespace Monitor.UnitTests.Configs;

/// <summary>One row for each way a config can be wrong: where it says so, and in what words.</summary>
public sealed class ConfigRejectionTests
{
    [Theory]
    [InlineData("{}", "url", "is required")]
    [InlineData("[]", "", "must be an object")]
    [InlineData("""{"url":null}""", "url", "is required")]
    [InlineData("""{"url":5}""", "url", "must be a text")]
    [InlineData("""{"url":"ftp://h/"}""", "url", "must be a whole http")]
    [InlineData("""{"url":"/relative"}""", "url", "must be a whole http")]
    [InlineData("""{"url":"http:///x"}""", "url", "must be a whole http")]
    [InlineData("""{"url":"http://h/","uri":"x"}""", "uri", "unknown field")]
    [InlineData("""{"url":"http://h/","method":"get"}""", "method", "must be one of")]
    [InlineData("""{"url":"http://h/","method":"CONNECT"}""", "method", "must be one of")]
    [InlineData("""{"url":"http://h/","headers":{"a b":"x"}}""", "headers.a b", "is not a header name")]
    [InlineData("""{"url":"http://h/","headers":{"":"x"}}""", "headers.", "is not a header name")]
    [InlineData("""{"url":"http://h/","headers":{"Content-Length":"5"}}""", "headers.Content-Length", "set by the probe itself")]
    [InlineData("""{"url":"http://h/","headers":{"transfer-encoding":"chunked"}}""", "headers.transfer-encoding", "set by the probe itself")]
    [InlineData("""{"url":"http://h/","headers":{"X":"a\r\nY: b"}}""", "headers.X", "control characters")]
    [InlineData("""{"url":"http://h/","headers":["X"]}""", "headers", "must be an object")]
    [InlineData("""{"url":"http://h/","headers":{"X":5}}""", "headers.X", "must be a text")]
    [InlineData("""{"url":"http://h/","username":"u","bearer_token":"t"}""", "bearer_token", "cannot be used together")]
    [InlineData("""{"url":"http://h/","password":"p"}""", "username", "is required with password")]
    [InlineData("""{"url":"http://h/","username":"a:b","password":"p"}""", "username", "colon")]
    [InlineData("""{"url":"http://h/","bearer_token":"a b"}""", "bearer_token", "printable ASCII")]
    [InlineData("""{"url":"http://h/","expect_status":"20x"}""", "expect_status", "status codes")]
    [InlineData("""{"url":"http://h/","expect_status":"299-200"}""", "expect_status", "status codes")]
    [InlineData("""{"url":"http://h/","expect_status":"200,"}""", "expect_status", "status codes")]
    [InlineData("""{"url":"http://h/","expect_status":"99"}""", "expect_status", "status codes")]
    [InlineData("""{"url":"http://h/","expect_status":200}""", "expect_status", "must be a text")]
    [InlineData("""{"url":"http://h/","expect_body_regex":"("}""", "expect_body_regex", "invalid regular expression: ")]
    [InlineData("""{"url":"http://h/","expect_body_regex":"(a)\\1"}""", "expect_body_regex", "backreferences")]
    [InlineData("""{"url":"http://h/","expect_header":{"X":"["}}""", "expect_header.X", "invalid regular expression: ")]
    [InlineData("""{"url":"http://h/","expect_json":{"status":"UP"}}""", "expect_json.status", "must be a JSON path")]
    [InlineData("""{"url":"http://h/","expect_json":{"$.a":[1]}}""", "expect_json.$.a", "must be a text, a number")]
    [InlineData("""{"url":"http://h/","expect_json":"UP"}""", "expect_json", "must be an object")]
    [InlineData("""{"url":"http://h/","follow_redirects":"yes"}""", "follow_redirects", "must be true or false")]
    [InlineData("""{"url":"http://h/","http_version":"3"}""", "http_version", "must be one of")]
    [InlineData("""{"url":"http://h/","proxy_url":"socks5://p:1"}""", "proxy_url", "must be http://host:port")]
    [InlineData("""{"url":"http://h/","max_latency_ms":-1}""", "max_latency_ms", "must be a number between")]
    [InlineData("""{"url":"http://h/","max_body_bytes":99999999999}""", "max_body_bytes", "must be between")]
    [InlineData("""{"url":"http://h/","ip_family":"v4"}""", "ip_family", "must be one of")]
    [InlineData("""{"url":"https://h/","tls":false}""", "tls", "cannot be false for an https URL")]
    [InlineData("""{"url":"https://h/","tls":"on"}""", "tls", "must be true, false or an object")]
    [InlineData("""{"url":"https://h/","tls":{"verfy":true}}""", "tls.verfy", "unknown field")]
    [InlineData("""{"url":"https://h/","tls":{"ca_pem":"x"}}""", "tls.ca_pem", "no certificate")]
    [InlineData("""{"url":"https://h/","tls":{"client_key_pem":"x"}}""", "tls.client_cert_pem", "required with its other half")]
    [InlineData("""{"url":"https://h/","tls":{"server_name":"a b"}}""", "tls.server_name", "must be a host name")]
    [InlineData("""{"url":"https://h/","tls":{"warn_cert_days":1.5}}""", "tls.warn_cert_days", "must be a whole number")]
    public void Http_refuses(string config, string path, string words) => Refused(HttpConfig.Read, config, path, words);

    [Theory]
    [InlineData("""{"port":1}""", "host", "is required")]
    [InlineData("""{"host":"h"}""", "port", "is required")]
    [InlineData("""{"host":"http://h","port":1}""", "host", "must be a host name")]
    [InlineData("""{"host":"h:80","port":1}""", "host", "must be a host name")]
    [InlineData("""{"host":"","port":1}""", "host", "must have between 1")]
    [InlineData("""{"host":"h","port":0}""", "port", "must be between 1 and 65535")]
    [InlineData("""{"host":"h","port":"80"}""", "port", "must be a whole number")]
    [InlineData("""{"host":"h","port":80,"send":"a\\q"}""", "send", "unknown escape at character 2")]
    [InlineData("""{"host":"h","port":80,"send":"\\xG1"}""", "send", "unknown escape at character 1")]
    [InlineData("""{"host":"h","port":80,"send":"a\\"}""", "send", "unknown escape at character 2")]
    [InlineData("""{"host":"h","port":80,"expect_regex":"*"}""", "expect_regex", "invalid regular expression")]
    public void Tcp_refuses(string config, string path, string words) => Refused(TcpConfig.Read, config, path, words);

    [Theory]
    [InlineData("{}", "host", "is required")]
    [InlineData("""{"host":"h","count":0}""", "count", "must be between 1 and 100")]
    [InlineData("""{"host":"h","packet_interval_ms":0}""", "packet_interval_ms", "must be between")]
    [InlineData("""{"host":"h","packet_size":7}""", "packet_size", "must be between 8 and 65000")]
    [InlineData("""{"host":"h","max_loss_percent":101}""", "max_loss_percent", "must be a number between 0 and 100")]
    [InlineData("""{"host":"h","port":7}""", "port", "unknown field")]
    public void Ping_refuses(string config, string path, string words) => Refused(PingConfig.Read, config, path, words);

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        using var config = JsonDocument.Parse("""
            {"url":"nope","method":"X","expect_status":"x","expect_body_regex":"(","surprise":1,"password":"p","tls":{"client_cert_pem":"x","min_cert_days":"1"}}
            """);
        var paths = HttpConfig.Read(config.RootElement).Errors.Select(error => error.Path);
        string[] expected = ["url", "method", "expect_status", "expect_body_regex", "surprise", "username", "tls.client_cert_pem", "tls.min_cert_days", "tls.client_key_pem"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), paths.Order(StringComparer.Ordinal));
    }

    private static void Refused(Func<JsonElement, ConfigReading> read, string config, string path, string words)
    {
        using var document = JsonDocument.Parse(config);
        var reading = read(document.RootElement);
        Assert.Null(reading.Config);
        var error = Assert.Single(reading.Errors, error => error.Path == path);
        Assert.Contains(words, error.Message.English, StringComparison.Ordinal);
        Assert.NotEqual("", error.Message.Chinese);
    }
}
