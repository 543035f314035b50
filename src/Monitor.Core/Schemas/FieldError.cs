using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>One thing wrong with an input: where, and what would be right.</summary>
/// <param name="Path">From the body's root: <c>config.port</c>, <c>nodes[1]</c>.</param>
public sealed record FieldError(string Path, LocalizedText Message)
{
    public static FieldError At(string path, string english, string chinese) => new(path, new LocalizedText(english, chinese));
}
