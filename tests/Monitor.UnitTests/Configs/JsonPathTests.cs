using System.Text.Json;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Tcp;
using Xunit;

namespace Monitor.UnitTests.Configs;

public sealed class JsonPathTests
{
    private const string Document = """{"a":{"b":[{"c":1},{"c d":"x]'"}],"":2,"0":3},"null":null}""";

    [Theory]
    [InlineData("$.a.b[0].c", "1")]
    [InlineData("$.a.b[0]['c']", "1")]
    [InlineData("$['a'][\"b\"][1]['c d']", "\"x]'\"")]
    [InlineData("$.a['']", "2")]
    [InlineData("$.a.0", "3")]
    [InlineData("$.null", "null")]
    [InlineData("$.a.b[2]", null)]
    [InlineData("$.a[0]", null)]
    [InlineData("$.a.b.c", null)]
    [InlineData("$.x.y", null)]
    public void A_path_leads_to_one_value_or_to_none(string path, string? value)
    {
        using var document = JsonDocument.Parse(Document);
        Assert.Equal(value, JsonPath.Parse(path)!.Find(document.RootElement)?.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("$a")]
    [InlineData("$.")]
    [InlineData("$..a")]
    [InlineData("$[")]
    [InlineData("$[]")]
    [InlineData("$[-1]")]
    [InlineData("$[99999999999]")]
    [InlineData("$['a]")]
    [InlineData("$['a'")]
    [InlineData("$['a\"]")]
    [InlineData("$['")]
    [InlineData("$[*]")]
    public void What_is_no_path_is_refused(string path) => Assert.Null(JsonPath.Parse(path));

    [Theory]
    [InlineData("1", "1.0", true)]
    [InlineData("1e2", "100", true)]
    [InlineData("1e400", "1", false)]
    [InlineData("1", "\"1\"", false)]
    [InlineData("\"\\u0041\"", "\"A\"", true)]
    [InlineData("true", "true", true)]
    [InlineData("true", "false", false)]
    [InlineData("null", "null", true)]
    [InlineData("null", "false", false)]
    [InlineData("[1]", "1", false)]
    public void Values_are_the_same_by_kind_and_value(string found, string expected, bool same)
    {
        using var document = JsonDocument.Parse(found);
        Assert.Equal(same, new JsonExpectation(JsonPath.Parse("$")!, expected).Mismatch(document.RootElement) is null);
    }

    [Theory]
    [InlineData("200-299,301", 301, true)]
    [InlineData("200-299, 301", 300, false)]
    [InlineData("204", 204, true)]
    [InlineData("100-599", 599, true)]
    public void Status_ranges_include_both_ends(string ranges, int status, bool contained) => Assert.Equal(contained, StatusRanges.Parse(ranges)!.Contains(status));

    [Theory]
    [InlineData("PING\\r\\n", "50494E470D0A")]
    [InlineData("\\x00\\xfFé\\\\n", "00FFC3A95C6E")]
    [InlineData("\\0\\t\n", "00090A")]
    [InlineData("😀", "F09F9880")]
    public void Escapes_are_bytes_and_the_rest_is_utf8(string text, string hex) => Assert.Equal(hex, Convert.ToHexString(TextEscapes.Bytes(text)));
}
