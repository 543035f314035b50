using Monitor.Core.Redaction;
using Xunit;

namespace Monitor.UnitTests.Redaction;

public sealed class RedactorTests
{
    private static readonly string[] Forms = ["a/b%20c-secret", "A/B C-SECRET", "a\\/b%20c-secret", "a%2Fb%2520c-secret", "/hook?key=a/b%20c-secret&x=y"];

    [Theory]
    [InlineData("POST https://h/send?key=abc-123 failed", "POST https://h/send?key=****** failed")]
    [InlineData("see ?a=1&access_token=xyz&b=2", "see ?a=1&access_token=******&b=2")]
    [InlineData("query?e=93000 errcode=45009", "query?e=93000 errcode=45009")]
    [InlineData("http://user:pass@host/x", "http://******@host/x")]
    [InlineData("Authorization: Bearer abcdefgh12345", "Authorization: Bearer ******")]
    [InlineData("nothing here", "nothing here")]
    public void Credentials_in_foreign_text_are_masked(string text, string expected) => Assert.Equal(expected, Redactor.Strip(text));

    [Fact]
    public void A_known_secret_is_masked_in_every_form()
    {
        var secrets = Redactor.SecretsOf(new Uri("https://robot.example/hook?key=a/b%20c-secret&x=y"));
        foreach (var text in Forms)
        {
            Assert.Equal("it said " + "******", Redactor.Strip("it said " + text, secrets));
        }
    }

    [Fact]
    public void Short_values_are_no_secrets_and_lines_are_one_line_and_cut()
    {
        Assert.Equal("an ok", Redactor.Strip("an ok", "ok", null, ""));
        Assert.Equal("a b…", Redactor.Line("a\r\nb ccccc", 6));
    }
}
