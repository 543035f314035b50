using System.Text.Json;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Api;

/// <summary>Lists as JSON.</summary>
internal static class Pages
{
    public static JsonAnswer Answer<T>(string list, Page<T> page, Action<Utf8JsonWriter, T> write) => new(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("items");
        foreach (var item in page.Items)
        {
            write(writer, item);
        }

        writer.WriteEndArray();
        writer.WriteString("next_cursor", Cursor.Encode(list, page.Next));
        if (page.Total is { } total)
        {
            writer.WriteNumber("total", total);
        }

        writer.WriteEndObject();
    });

    /// <summary>Reads a page; a cursor of the right form whose key the store cannot read is a made-up one, not a defect.</summary>
    public static async Task<Reading<Page<T>>> ReadAsync<T>(PageKey? after, Func<Task<Page<T>>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (after is not null && e is FormatException or OverflowException or ArgumentException)
        {
            return Problem.BadRequest([Core.Schemas.FieldError.At("cursor", "is made up", "游标无效")]);
        }
    }
}
