using System.Text.Json;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Xunit;

namespace Monitor.UnitTests.Schemas;

public sealed class ObjectSchemaTests
{
    private static readonly ObjectSchema Schema = new(
        new Field("id", new IntegerRule(1, 9)) { ReadOnly = true },
        new Field("host", new TextRule(1, 20) { Check = TextChecks.Host }) { Required = true },
        new Field("port", new IntegerRule(1, 65535)) { Default = "80" },
        new Field("ratio", new NumberRule(0, 1)),
        new Field("mode", new TextRule { OneOf = ["a", "b"] }),
        new Field("nodes", new ListRule(new TextRule(1, 50) { Check = TextChecks.HostPort }, 1, 2)),
        new Field("body", new TextRule(Multiline: true)),
        new Field("on", new BooleanRule()));

    [Fact]
    public void Every_problem_is_named_at_once()
    {
        var errors = Errors("""{"port":0,"ratio":2,"mode":"c","nodes":["x:1","nonsense"],"on":1,"surprise":true}""");

        Assert.Equal(["port", "ratio", "mode", "nodes[1]", "on", "surprise", "host"], errors.Select(error => error.Path));
    }

    [Theory]
    [InlineData("""{"host":"a","port":1.5}""", "port")]
    [InlineData("""{"host":"a","port":"80"}""", "port")]
    [InlineData("""{"host":"a","port":99999999999999999999}""", "port")]
    [InlineData("""{"host":"http://a/"}""", "host")]
    [InlineData("""{"host":"a\nb"}""", "host")]
    [InlineData("""{"host":""}""", "host")]
    [InlineData("""{"host":null}""", "host")]
    [InlineData("""{"host":"a","body":"bell\u0007"}""", "body")]
    [InlineData("""{"host":"a","nodes":[]}""", "nodes")]
    [InlineData("""{"host":"a","nodes":["a:1","a:2","a:3"]}""", "nodes")]
    [InlineData("""{"host":"a","nodes":[null]}""", "nodes[0]")]
    [InlineData("""[]""", "")]
    public void A_wrong_value_is_named_by_its_path(string json, string path) => Assert.Equal([path], Errors(json).Select(error => error.Path));

    [Theory]
    [InlineData("""{"host":"a"}""")]
    [InlineData("""{"host":"10.0.0.5","port":null,"id":"whatever","body":"two\nlines"}""")]
    [InlineData("""{"host":"::1","nodes":["[::1]:9092","b.example:1"]}""")]
    public void What_fits_is_accepted_and_read_only_fields_are_ignored(string json) => Assert.Empty(Errors(json));

    [Theory]
    [InlineData("(?=a)")]
    [InlineData("(a)\\1")]
    [InlineData("(")]
    [InlineData("((a{1,1000}){1,1000}){1,1000}")]
    public void A_pattern_that_cannot_be_run_safely_is_refused(string pattern) => Assert.NotNull(TextChecks.Pattern(pattern));

    [Fact]
    public void The_same_declaration_gives_the_json_schema()
    {
        var schema = Schema.ToJsonSchema(Language.English);

        Assert.Equal(80, (int)schema["properties"]!["port"]!["default"]!);
        Assert.Equal("host", (string)schema["required"]![0]!);
        Assert.False((bool)schema["additionalProperties"]!);
        Assert.True((bool)schema["properties"]!["id"]!["readOnly"]!);
    }

    private static List<FieldError> Errors(string json)
    {
        var errors = new List<FieldError>();
        Schema.Validate(JsonElement.Parse(json), "", errors);
        return errors;
    }
}
