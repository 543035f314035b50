using System.Text.Json.Nodes;
using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>One field of an object that users send.</summary>
public sealed record Field(string Name, ValueRule Rule)
{
    public bool Required { get; init; }

    /// <summary>The value that an absent or null field stands for, as JSON text; null when absent means "not set".</summary>
    public string? Default { get; init; }

    /// <summary>Shown as <c>"******"</c>, stored encrypted.</summary>
    public bool Secret { get; init; }

    /// <summary>Says where secrets go or how they are guarded: whoever changes it must send the secrets again.</summary>
    public bool DirectsSecrets { get; init; }

    /// <summary>Answered, but ignored when it is sent: so that GET, edit, PUT works.</summary>
    public bool ReadOnly { get; init; }

    public LocalizedText Description { get; init; }

    internal JsonObject ToJsonSchema(Language language)
    {
        var schema = Rule.ToJsonSchema(language);
        if (Description.In(language) is { Length: > 0 } description)
        {
            schema["description"] = description;
        }

        if (Default is not null)
        {
            schema["default"] = JsonNode.Parse(Default);
        }

        if (Secret)
        {
            schema["writeOnly"] = true;
            schema["format"] = "password";
        }

        if (ReadOnly)
        {
            schema["readOnly"] = true;
        }

        return schema;
    }
}
