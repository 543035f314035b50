using System.Text.Encodings.Web;
using System.Text.Json;

namespace Monitor.Gateway.Web.Components;

/// <summary>JSON for an attribute, which is encoded by itself.</summary>
internal static class ScriptWords
{
    public static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
