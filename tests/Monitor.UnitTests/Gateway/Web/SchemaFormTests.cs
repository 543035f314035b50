using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Forms;
using Monitor.Gateway.Web.Sessions;
using Xunit;

namespace Monitor.UnitTests.Gateway.Web;

public sealed class SchemaFormTests
{
    private static readonly ObjectSchema Tls = new(
        new Field("verify", new BooleanRule()) { Default = "true" },
        new Field("server_name", new TextRule()),
        new Field("client_key_pem", new TextRule(Multiline: true)) { Secret = true });

    private static readonly ObjectSchema Schema = new(
        new Field("host", new TextRule(1, 100)) { Required = true },
        new Field("port", new IntegerRule(1, 65535)) { Default = "5432" },
        new Field("ratio", new NumberRule(0, 1)),
        new Field("mode", new TextRule { OneOf = ["auto", "cluster"] }) { Default = "\"auto\"" },
        new Field("follow", new BooleanRule()) { Default = "true" },
        new Field("strict", new BooleanRule()),
        new Field("password", new TextRule()) { Secret = true },
        new Field("nodes", new ListRule(new TextRule())),
        new Field("headers", new MapRule(new TextRule(), SecretKey: name => name == "X-Key")),
        new Field("expect_json", new AnyRule()),
        new Field("proxy_url", new TextRule { IsUrl = true }),
        new Field("tls", new ObjectRule(Tls, OrBoolean: true)) { Default = "false" });

    private static readonly SchemaForm Form = new(new InstallationKeys(new Installation()));

    [Fact]
    public void An_empty_form_says_nothing_but_what_boxes_say() =>
        Assert.Equal("""{"follow":false}""", Sent());

    [Fact]
    public void What_is_typed_arrives_as_a_client_would_send_it() =>
        Assert.Equal(
            """{"host":"db","port":5433,"ratio":0.5,"mode":"cluster","follow":true,"strict":false,"nodes":["a:1","b:2"],"headers":{"Accept":"*/*"},"expect_json":{"$.a":null}}""",
            Sent(("config.host", " db "), ("config.port", "5433"), ("config.ratio", "0.5"), ("config.mode", "cluster"), ("config.follow", "true"), ("config.strict", "false"),
                ("config.nodes", "a:1\r\n\r\n b:2 "), ("config.headers/name", "Accept"), ("config.headers/value", "*/*"), ("config.expect_json", """{"$.a": null}""")));

    [Fact]
    public void What_is_no_number_is_sent_as_it_was_typed_so_that_the_schema_says_what_is_wrong()
    {
        var nodes = Read(("config.host", "db"), ("config.port", "many"));
        var errors = new List<FieldError>();
        Schema.Validate(JsonSerializer.SerializeToElement(Form.Json(nodes)), "config", errors);
        Assert.Empty(SchemaForm.Place(nodes, errors));
        var port = nodes.Single(node => node.Field.Name == "port");
        Assert.Single(port.Errors);
        Assert.Equal("many", port.Value);
    }

    [Fact]
    public void An_error_in_a_nested_field_or_a_list_finds_its_place_and_one_that_fits_nowhere_is_kept()
    {
        var nodes = Read(("config.host", "db"));
        var rest = SchemaForm.Place(nodes, [FieldError.At("config.tls.server_name", "a", "a"), FieldError.At("config.nodes[3]", "b", "b"), FieldError.At("elsewhere", "c", "c")]);
        Assert.Equal("elsewhere", Assert.Single(rest).Path);
        Assert.Single(nodes.Single(node => node.Field.Name == "tls").Children.Single(node => node.Field.Name == "server_name").Errors);
        Assert.Single(nodes.Single(node => node.Field.Name == "nodes").Errors);
    }

    [Theory]
    [InlineData("", "", """{"follow":false}""")]
    [InlineData("false", "db", """{"follow":false,"tls":false}""")]
    [InlineData("true", "", """{"follow":false,"tls":true}""")]
    [InlineData("true", "db", """{"follow":false,"tls":{"server_name":"db"}}""")]
    public void A_switch_with_settings_is_a_truth_or_an_object(string mode, string name, string expected) =>
        Assert.Equal(expected, Sent(("config.tls", mode), ("config.tls.verify", "true"), ("config.tls.server_name", name)));

    [Fact]
    public void A_box_that_is_cleared_inside_a_nested_object_says_so() =>
        Assert.Equal("""{"follow":false,"tls":{"verify":false}}""", Sent(("config.tls", "true")));

    [Fact]
    public void A_stored_secret_stays_a_typed_one_travels_sealed_and_a_cleared_one_is_gone()
    {
        Assert.Equal("""{"follow":false,"password":"******"}""", Sent(("stored.config.password", "1")));
        Assert.Equal("""{"follow":false}""", Sent(("stored.config.password", "1"), ("clear.config.password", "1")));
        var typed = Read(("config.password", "s3cret")).Single(node => node.Field.Name == "password");
        Assert.DoesNotContain("s3cret", typed.Value + typed.Kept, StringComparison.Ordinal);
        Assert.Equal("""{"follow":false,"password":"s3cret"}""", Sent(("kept.config.password", typed.Kept!)));
        Assert.Equal("""{"follow":false,"password":"newer"}""", Sent(("config.password", "newer"), ("kept.config.password", typed.Kept!)));
    }

    [Fact]
    public void Credentials_in_a_url_and_secret_rows_travel_sealed_too()
    {
        var nodes = Read(("config.proxy_url", "http://u:hidden@proxy:8080/"), ("config.headers/name", "X-Key"), ("config.headers/value", "hidden"));
        var (url, headers) = (nodes.Single(node => node.Field.Name == "proxy_url"), nodes.Single(node => node.Field.Name == "headers"));
        Assert.Equal(("http://u:******@proxy:8080/", "******"), (url.Value, headers.Rows[0].Value));
        Assert.Equal(
            """{"follow":false,"headers":{"X-Key":"hidden"},"proxy_url":"http://u:hidden@proxy:8080/"}""",
            Sent(("config.proxy_url", url.Value), ("kept.config.proxy_url", url.Kept!), ("config.headers/name", "X-Key"), ("config.headers/value", "******"), ("config.headers/kept", headers.Rows[0].Kept!)));
    }

    [Fact]
    public void A_sealed_text_that_was_changed_is_nothing() =>
        Assert.Equal("""{"follow":false,"password":""}""", Sent(("kept.config.password", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));

    [Fact]
    public void What_is_stored_comes_back_as_it_was()
    {
        const string Stored = """{"host":"db","port":5433,"mode":"cluster","follow":false,"password":"******","nodes":["a:1"],"headers":{"Accept":"*/*"},"expect_json":{"$.a":1},"tls":{"server_name":"x"}}""";
        using var document = JsonDocument.Parse(Stored);
        var nodes = Form.Draw(Schema.Fields, "config", document.RootElement);
        Assert.Equal(Stored, Form.Json(nodes).ToJsonString(Monitor.Gateway.Api.Targets.ConfigReader.Readable));
    }

    [Fact]
    public void Fields_come_in_an_order_that_people_follow()
    {
        var groups = FieldGroups.Of(Form.Draw(Schema.Fields, "config", null));
        Assert.Equal(["host", "port", "nodes"], groups[0].Nodes.Select(node => node.Field.Name));
        Assert.Equal(["password"], groups[1].Nodes.Select(node => node.Field.Name));
        Assert.Contains(groups, group => group.Nodes.Any(node => node.Field.Name == "tls") && !group.IsOpen);
    }

    private static string Sent(params (string Name, string Value)[] fields) => Form.Json(Read(fields)).ToJsonString(Monitor.Gateway.Api.Targets.ConfigReader.Readable);

    private static List<FormNode> Read(params (string Name, string Value)[] fields) =>
        Form.Read(Schema.Fields, "config", new FormCollection(fields.ToDictionary(field => field.Name, field => new StringValues(field.Value), StringComparer.Ordinal)));

    private sealed class Installation : IStoreLifecycle
    {
        public byte[] InstallationSecret { get; } = new byte[32];

        public LocalizedText? WriteTrouble => null;

        public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task ProbeWriteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken) => Task.FromResult(false);
    }
}
