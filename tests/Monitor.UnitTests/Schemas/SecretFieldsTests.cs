using System.Text.Json;
using Monitor.Core.Schemas;
using Xunit;

namespace Monitor.UnitTests.Schemas;

public sealed class SecretFieldsTests
{
    private static readonly ObjectSchema Tls = new(
        new Field("verify", new BooleanRule()) { Default = "true", DirectsSecrets = true },
        new Field("client_key_pem", new TextRule(Multiline: true)) { Secret = true });

    private static readonly ObjectSchema Schema = new(
        new Field("host", new TextRule()) { Required = true, DirectsSecrets = true },
        new Field("port", new IntegerRule(1, 65535)) { Default = "5432", DirectsSecrets = true },
        new Field("password", new TextRule()) { Secret = true },
        new Field("url", new TextRule { IsUrl = true }),
        new Field("headers", new MapRule(new TextRule(), SecretKey: SecretUrl.IsCredentialName)),
        new Field("tls", new ObjectRule(Tls, OrBoolean: true)) { Default = "false", DirectsSecrets = true },
        new Field("note", new TextRule()));

    [Fact]
    public void Every_kind_of_secret_is_masked()
    {
        var masked = SecretFields.Masked(Schema, Json(
            """{"host":"h","password":"p4ss","url":"http://u:p4ss@x/","headers":{"X-Api-Key":"p4ss","Accept":"a"},"tls":{"client_key_pem":"p4ss"},"note":"n"}"""));

        Assert.Equal(
            """{"host":"h","password":"******","url":"http://u:******@x/","headers":{"X-Api-Key":"******","Accept":"a"},"tls":{"client_key_pem":"******"},"note":"n"}""",
            masked.ToJsonString());
    }

    [Theory]
    [InlineData("""{"host":"h","password":"******","note":"new"}""", """{"host":"h","password":"old","note":"new"}""")]
    [InlineData("""{"host":"h","password":"fresh"}""", """{"host":"h","password":"fresh"}""")]
    [InlineData("""{"host":"other","password":"fresh"}""", """{"host":"other","password":"fresh"}""")]
    [InlineData("""{"host":"h","port":5432,"password":"******"}""", """{"host":"h","port":5432,"password":"old"}""")]
    [InlineData("""{"host":"h"}""", """{"host":"h"}""")]
    public void What_was_shown_and_sent_back_keeps_its_stored_value(string sent, string restored)
    {
        var errors = new List<FieldError>();
        var result = SecretFields.Restored(Schema, Json(sent), Json("""{"host":"h","password":"old"}"""), "config", errors);

        Assert.Empty(errors);
        Assert.Equal(restored, result.ToJsonString());
    }

    [Theory]
    [InlineData("""{"host":"evil","password":"******"}""", "host")]
    [InlineData("""{"host":"h","port":1,"password":"******"}""", "port")]
    [InlineData("""{"host":"h","tls":false,"password":"******"}""", "tls")]
    [InlineData("""{"host":"h","tls":{"verify":false},"password":"******"}""", "tls.verify")]
    public void Whoever_changes_where_a_secret_goes_must_send_it_again(string sent, string changed)
    {
        var errors = new List<FieldError>();
        SecretFields.Restored(Schema, Json(sent), Json("""{"host":"h","tls":true,"password":"old"}"""), "config", errors);

        var error = Assert.Single(errors);
        Assert.Equal("config.password", error.Path);
        Assert.Contains(changed, error.Message.English, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"host":"h","password":"******"}""", "config.password")]
    [InlineData("""{"host":"h","headers":{"X-Api-Key":"******"}}""", "config.headers.X-Api-Key")]
    [InlineData("""{"host":"h","tls":{"client_key_pem":"******"}}""", "config.tls.client_key_pem")]
    [InlineData("""{"host":"h","url":"http://u:******@elsewhere/"}""", "config.url")]
    public void A_mask_without_a_stored_value_behind_it_is_refused(string sent, string path)
    {
        var errors = new List<FieldError>();
        SecretFields.Restored(Schema, Json(sent), Json("""{"host":"h"}"""), "config", errors);

        Assert.Equal([path], errors.Select(error => error.Path));
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
