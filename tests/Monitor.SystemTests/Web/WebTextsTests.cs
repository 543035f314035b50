using System.Reflection;
using System.Text.RegularExpressions;
using Monitor.Core.Text;
using Monitor.Gateway;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Web;

/// <summary>Every text of the pages, in both languages, and none anywhere else.</summary>
public sealed partial class WebTextsTests
{
    /// <summary>Proper names, and what is the same in both.</summary>
    private static readonly string[] Same = ["GroupTls", "ttl"];

    [Fact]
    public void Every_text_is_there_in_both_languages_with_the_same_blanks()
    {
        var texts = Texts().ToArray();
        Assert.True(texts.Length > 300, $"only {texts.Length} texts were found");
        Assert.Empty(texts.Where(text => string.IsNullOrWhiteSpace(text.Text.English) || string.IsNullOrWhiteSpace(text.Text.Chinese)).Select(text => text.Name));
        Assert.Empty(texts.Where(text => !Chinese().IsMatch(text.Text.Chinese) && Letters().IsMatch(text.Text.Chinese) && !Same.Contains(text.Name.Split('.')[^1])).Select(text => $"{text.Name} is not Chinese: {text.Text.Chinese}"));
        Assert.Empty(texts.Where(text => Chinese().IsMatch(text.Text.English)).Select(text => $"{text.Name} is not English: {text.Text.English}"));
        Assert.Empty(texts.Where(text => !Blanks(text.Text.English).SequenceEqual(Blanks(text.Text.Chinese), StringComparer.Ordinal)).Select(text => $"{text.Name}: {text.Text.English} / {text.Text.Chinese}"));
    }

    [Fact]
    public void No_component_holds_a_text_of_its_own()
    {
        var found = Directory.EnumerateFiles(Repository.File("src/Monitor.Gateway/Web"), "*.razor", SearchOption.AllDirectories)
            .SelectMany(file => Words(File.ReadAllText(file)).Select(word => $"{Path.GetFileName(file)}: {word}"));
        Assert.Empty(found);
    }

    [Fact]
    public void No_script_and_no_style_sheet_holds_one_either() =>
        Assert.DoesNotContain(Directory.EnumerateFiles(Repository.File("src/Monitor.Gateway/Web/Assets")), file => Chinese().IsMatch(File.ReadAllText(file)));

    private static IEnumerable<(string Name, LocalizedText Text)> Texts()
    {
        foreach (var type in typeof(GatewaySetup).Assembly.GetTypes().Where(type => type.Namespace == "Monitor.Gateway.Web.Text"))
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            {
                switch (field.GetValue(null))
                {
                    case LocalizedText text:
                        yield return ($"{type.Name}.{field.Name}", text);
                        break;
                    case IReadOnlyDictionary<string, LocalizedText> many:
                        foreach (var (key, text) in many)
                        {
                            yield return ($"{type.Name}.{field.Name}.{key}", text);
                        }

                        break;
                    default:
                        break;
                }
            }
        }
    }

    private static IEnumerable<string> Blanks(string text) => Blank().Matches(text).Select(match => match.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    /// <summary>Letters between tags, and in the attributes that people read, after everything that is code has been taken out.</summary>
    private static IEnumerable<string> Words(string razor)
    {
        var code = razor.IndexOf("@code", StringComparison.Ordinal);
        var markup = Machine().Replace(Comment().Replace(code < 0 ? razor : razor[..code], ""), "");
        foreach (Match attribute in Read().Matches(markup))
        {
            if (!attribute.Groups["value"].Value.StartsWith('@') && attribute.Groups["value"].Value is not ("team=orders" or ""))
            {
                yield return attribute.Value;
            }
        }

        foreach (var line in markup.Split('\n').Where(line => !line.TrimStart().StartsWith('@') && !line.TrimStart().StartsWith("var ", StringComparison.Ordinal)))
        {
            foreach (Match between in Between().Matches(line))
            {
                var plain = Code().Replace(between.Groups["text"].Value, "");
                if (Chinese().IsMatch(plain) || Letters().IsMatch(plain))
                {
                    yield return plain.Trim();
                }
            }
        }
    }

    [GeneratedRegex("[\u4e00-\u9fff]", RegexOptions.None, 1000)]
    private static partial Regex Chinese();

    [GeneratedRegex("\\{[0-9]\\}", RegexOptions.None, 1000)]
    private static partial Regex Blank();

    [GeneratedRegex("@\\*.*?\\*@", RegexOptions.Singleline, 1000)]
    private static partial Regex Comment();

    /// <summary>What is for machines: names of fields, addresses; and statements, which are code.</summary>
    [GeneratedRegex("<code[^>]*>[^<]*</code>|(?<=>)/[a-z0-9/.]+(?=</a>)|@(foreach|if|for|switch|case)\\b[^\n]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Machine();

    [GeneratedRegex(" (title|aria-label|placeholder|alt|label|data-ask)=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Read();

    /// <summary>From a tag's end to the next tag's beginning, on one line, where no code begins or ends.</summary>
    [GeneratedRegex("(?<=[a-z\"/]>)(?<text>[^<>{}]*)(?=</?[a-zA-Z])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Between();

    [GeneratedRegex("@[A-Za-z_.]+(\\((?>[^()]+|(?<d>\\()|(?<-d>\\)))*\\))?[A-Za-z_.]*|@\\((?>[^()]+|(?<d>\\()|(?<-d>\\)))*\\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z]{2,}", RegexOptions.None, 1000)]
    private static partial Regex Letters();
}
