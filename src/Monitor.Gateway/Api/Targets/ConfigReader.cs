using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Judges a config with its prober, and puts stored secrets where it has <c>"******"</c>.</summary>
internal static class ConfigReader
{
    public const string Path = "config";

    public static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = RequestBody.MaxDepth * 2,
    };

    /// <param name="stored">The stored config of the same type, with its secrets; null when there is none.</param>
    /// <returns>Null when something was added to <paramref name="errors"/>.</returns>
    public static AcceptedConfig? Read(IProber prober, JsonElement sent, string? stored, List<FieldError> errors)
    {
        var own = new List<FieldError>();
        prober.Schema.Validate(sent, Path, own);
        if (own.Count > 0)
        {
            // The prober may find more than its schema: everything at once.
            var more = sent.ValueKind == JsonValueKind.Object ? prober.Read(sent).Errors.Select(Rooted) : [];
            errors.AddRange(own.Concat(more).Distinct());
            return null;
        }

        using var before = stored is null ? null : JsonDocument.Parse(stored);
        var whole = SecretFields.Restored(prober.Schema, sent, before?.RootElement, Path, own);
        var element = JsonSerializer.SerializeToElement(whole, Readable);
        var reading = prober.Read(element);
        own.AddRange(reading.Errors.Select(Rooted));
        if (own.Count > 0 || reading.Config is null)
        {
            errors.AddRange(own.Distinct());
            return null;
        }

        return new AcceptedConfig(reading.Config, Text(whole), Text(SecretFields.Masked(prober.Schema, element)), reading.Endpoint);
    }

    private static string Text(JsonObject config) => config.ToJsonString(Readable);

    private static FieldError Rooted(FieldError error)
    {
        var rooted = error.Path == Path || error.Path.StartsWith(Path + ".", StringComparison.Ordinal);
        return rooted ? error : error with { Path = error.Path.Length == 0 ? Path : $"{Path}.{error.Path}" };
    }
}

/// <summary>A config that its prober has accepted.</summary>
/// <param name="Plain">With its secrets: never answered, never logged.</param>
internal sealed record AcceptedConfig(object Value, string Plain, string Masked, string Endpoint);
