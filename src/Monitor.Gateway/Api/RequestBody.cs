using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>A body that has been read whole and is well-formed: bounded, strict UTF-8, bounded depth, no field twice, no lone surrogate.</summary>
internal sealed class RequestBody(JsonDocument document, byte[] bytes) : IDisposable
{
    public const int MaxBytes = 1 << 20;
    public const int MaxDepth = 32;

    public static readonly Problem TooLarge = new(
        StatusCodes.Status413PayloadTooLarge, new LocalizedText("a body may have at most 1 MiB", "请求体最大 1 MiB"));

    private static readonly Problem WrongType = new(
        StatusCodes.Status415UnsupportedMediaType,
        new LocalizedText("send JSON as UTF-8: Content-Type: application/json", "请以 UTF-8 发送 JSON：Content-Type: application/json"));

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public JsonElement Root => document.RootElement;

    /// <summary>What an Idempotency-Key is bound to: the address and the body.</summary>
    public string Hash(HttpRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(request.Path + "\n"));
        hash.AppendData(bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static async Task<Reading<RequestBody>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!IsJson(request.ContentType))
        {
            return WrongType;
        }

        if (request.ContentLength > MaxBytes)
        {
            return TooLarge;
        }

        return await BytesAsync(request, cancellationToken) is { } bytes ? Parse(bytes) : TooLarge;
    }

    /// <summary>Judges the bytes of a body.</summary>
    internal static Reading<RequestBody> Parse(byte[] bytes)
    {
        if (!Utf8.IsValid(bytes))
        {
            return Malformed(new LocalizedText("is not valid UTF-8", "不是有效的 UTF-8"));
        }

        JsonDocument document;
        try
        {
            var text = bytes.AsMemory();
            document = JsonDocument.Parse(text.Span.StartsWith("\uFEFF"u8) ? text[3..] : text, Strict);
        }
        catch (JsonException e)
        {
            return Malformed(Reason(e));
        }
        catch (InvalidOperationException)
        {
            // Comparing field names meets one that is no text.
            return Malformed(new LocalizedText("a field's name contains a lone surrogate", "字段名含有不成对的代理字符"));
        }

        var errors = new List<FieldError>();
        JsonIntegrity.Validate(document.RootElement, "", errors);
        if (errors.Count > 0)
        {
            document.Dispose();
            return Problem.Invalid(errors);
        }

        return new RequestBody(document, bytes);
    }

    public void Dispose() => document.Dispose();

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
        && (type.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>Null when there is more than allowed: the rest is not read.</summary>
    private static async Task<byte[]?> BytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static Problem Malformed(LocalizedText reason) => new(
        StatusCodes.Status400BadRequest, new LocalizedText($"the body {reason.English}", $"请求体{reason.Chinese}"));

    /// <summary>The reader's own message may quote the body, and so a secret: only where and what kind.</summary>
    private static LocalizedText Reason(JsonException e)
    {
        if (e.Message.Contains("depth", StringComparison.OrdinalIgnoreCase))
        {
            return new LocalizedText($"is nested deeper than {MaxDepth} levels", $"嵌套超过 {MaxDepth} 层");
        }

        if (e.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            return new LocalizedText("has the same field twice", "有重复的字段");
        }

        var (line, column) = ((e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1);
        return new LocalizedText($"is not valid JSON (line {line}, byte {column})", $"不是有效的 JSON（第 {line} 行，第 {column} 字节）");
    }
}
