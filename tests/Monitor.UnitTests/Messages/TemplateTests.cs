using Monitor.Core.Messages;
using Xunit;
using static Monitor.UnitTests.Messages.SampleAlerts;

namespace Monitor.UnitTests.Messages;

public sealed class TemplateTests
{
    [Fact]
    public void Every_placeholder_has_its_value()
    {
        const string Template = "{{name}}|{{type}}|{{endpoint}}|{{group}}|{{message}}|{{failure_count}}|{{severity}}|{{started_at}}|{{duration}}|{{link}}|{{ reference }}";
        Assert.Null(TemplateCheck.Problem(Template));
        Assert.Equal(
            "生产环境-PostgreSQL|postgresql|10.0.0.5:5432/orders|核心库|connect: connection refused|3|严重|2026-01-01 08:00:00 +08:00 Asia/Shanghai|30 秒|https://monitor.example/targets/7|#7-3",
            AlertText.Markdown(NoticeKind.Firing, Firing, Start + TimeSpan.FromSeconds(30), Chinese, Template));
    }

    [Theory]
    [InlineData("x", "x\n告警 生产环境-PostgreSQL #7-3")]
    [InlineData("{{name}}", "生产环境-PostgreSQL\n#7-3")]
    [InlineData("{{reference}}", "#7-3\n告警 生产环境-PostgreSQL")]
    public void Name_and_reference_are_appended_where_they_are_left_out(string template, string expected) =>
        Assert.Equal(expected, AlertText.Markdown(NoticeKind.Firing, Firing, Start, Chinese, template));

    [Theory]
    [InlineData("{{nmae}}", "{{nmae}} is not known")]
    [InlineData("{{}}", "{{}} is not known")]
    [InlineData("{{name", "braces without a partner")]
    [InlineData("{{name}} {{", "braces without a partner")]
    [InlineData("name}}", "braces without a partner")]
    [InlineData(" ", "must not be empty")]
    [InlineData("a\u0000", "control characters")]
    public void A_template_that_could_not_be_filled_is_refused_when_saved(string template, string problem) =>
        Assert.Contains(problem, TemplateCheck.Problem(template)!.Value.English, StringComparison.Ordinal);

    [Fact]
    public void Templates_are_at_most_half_a_message_long()
    {
        Assert.Null(TemplateCheck.Problem(new string('a', 2048)));
        Assert.NotNull(TemplateCheck.Problem(new string('告', 683)));
    }

    [Fact]
    public void A_template_of_long_values_is_cut_but_ends_with_what_must_not_be_missing()
    {
        var text = AlertText.Markdown(NoticeKind.Firing, Firing with { Endpoint = new string('e', 3000) }, Start, Chinese, "{{endpoint}}{{endpoint}}{{name}}{{reference}}");
        Assert.True(ByteCut.Count(text) <= 4096);
        Assert.EndsWith("…\n告警 生产环境-PostgreSQL #7-3\n2026-01-01 08:00:00 +08:00 Asia/Shanghai\nhttps://monitor.example/targets/7", text, StringComparison.Ordinal);
    }
}
