using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Monitor.Gateway.Api;

/// <summary>What a handler answers.</summary>
internal abstract class ApiAnswer
{
    public abstract Task WriteAsync(HttpContext context);
}

/// <summary>204.</summary>
internal sealed class NoContent : ApiAnswer
{
    public static readonly NoContent Instance = new();

    public override Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

/// <summary>JSON in UTF-8, Chinese unescaped, of known length.</summary>
internal sealed class JsonAnswer(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) : ApiAnswer
{
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public string? Location { get; init; }

    /// <summary>The revision of the settings; null sends no ETag.</summary>
    public long? Revision { get; init; }

    public override async Task WriteAsync(HttpContext context)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        await using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            write(writer);
        }

        var response = context.Response;
        response.StatusCode = status;
        response.Headers[HeaderNames.CacheControl] = "no-store";
        if (Location is not null)
        {
            response.Headers[HeaderNames.Location] = Location;
        }

        if (Revision is { } revision)
        {
            response.Headers[HeaderNames.ETag] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\"{revision}\"");
        }

        await SendAsync(response, "application/json; charset=utf-8", buffer.WrittenMemory, context.RequestAborted);
    }

    public static async Task SendAsync(HttpResponse response, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
        {
            await response.Body.WriteAsync(body, cancellationToken);
        }
    }
}
