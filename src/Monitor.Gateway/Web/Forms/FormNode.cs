using System.Text.Json.Nodes;
using Monitor.Core.Schemas;

namespace Monitor.Gateway.Web.Forms;

/// <summary>One field of a form with what stands in it: exactly what was typed, right or wrong.</summary>
public sealed class FormNode
{
    public required Field Field { get; init; }

    /// <summary>As errors name it: <c>config.tls.verify</c>. Also the input's name.</summary>
    public required string Path { get; init; }

    public required FieldKind Kind { get; init; }

    public string Value { get; set; } = "";

    /// <summary>Of a map, in order.</summary>
    public List<FormRow> Rows { get; } = [];

    /// <summary>Of a nested object.</summary>
    public List<FormNode> Children { get; } = [];

    /// <summary>What was typed and must not be shown, sealed for the way through the browser.</summary>
    public string? Kept { get; set; }

    /// <summary>A secret is stored, and stays if nothing else is typed.</summary>
    public bool IsStored { get; set; }

    public List<FieldError> Errors { get; } = [];

    /// <summary>Somebody has put something into it.</summary>
    public bool IsFilled => Value.Length > 0 && Value != DefaultText || Kept is not null || IsStored || Rows.Exists(row => row.Key.Length > 0) || Children.Exists(child => child.IsFilled);

    /// <summary>What an empty field stands for, as it would be typed; null when there is no such thing.</summary>
    public string? DefaultText => Field.Default is not { } text || text is "{}" or "[]" ? null : JsonNode.Parse(text) is JsonValue value ? value.ToString() : text;

    /// <summary>It, or something in it, is wrong.</summary>
    public bool IsWrong => Errors.Count > 0 || Children.Exists(child => child.IsWrong);
}

/// <param name="Kept">Its value, sealed, where it must not be shown.</param>
public sealed record FormRow(string Key, string Value, string? Kept = null);
