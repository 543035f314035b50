using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>Checks a channel's template when it is saved, so that no alert ever meets a broken one.</summary>
public static class TemplateCheck
{
    /// <summary>In UTF-8 bytes: half a message, so that the values have the other half.</summary>
    public const int MostBytes = 2048;

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public static LocalizedText? Problem(string template)
    {
        if (string.IsNullOrWhiteSpace(template))
        {
            return new("must not be empty; null uses the built-in text", "不能为空；用 null 表示内置文本");
        }

        if (ByteCut.Count(template) > MostBytes)
        {
            return new($"must be at most {MostBytes} bytes of UTF-8", $"UTF-8 编码后不能超过 {MostBytes} 字节");
        }

        if (template.Any(character => char.IsControl(character) && character is not ('\n' or '\r' or '\t')))
        {
            return new("must not contain control characters other than line breaks and tabs", "不能包含换行和制表符以外的控制字符");
        }

        return Braces(template);
    }

    private static LocalizedText? Braces(string template)
    {
        var parts = Templates.Parts(template).ToList();
        foreach (var (literal, placeholder) in parts)
        {
            if (literal.Contains(Templates.Open, StringComparison.Ordinal) || literal.Contains(Templates.Close, StringComparison.Ordinal))
            {
                return new("has braces without a partner: write {{name}}", "花括号不成对：应写作 {{name}}");
            }

            if (placeholder is not null && !Templates.Placeholders.Contains(placeholder))
            {
                var known = string.Join(", ", Templates.Placeholders.Select(name => Templates.Open + name + Templates.Close));
                var shown = ByteCut.To(placeholder, 60);
                return new($"{{{{{shown}}}}} is not known; there are {known}", $"不认识 {{{{{shown}}}}}；可用的有 {known}");
            }
        }

        return null;
    }
}
