using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>An error as <c>application/problem+json</c>, in the language that the caller asks for. Never holds a stack trace or a secret.</summary>
internal sealed class Problem(int status, LocalizedText detail) : ApiAnswer
{
    private static readonly LocalizedText OtherTitle = new("Error", "错误");

    private static readonly Dictionary<int, LocalizedText> Titles = new()
    {
        [400] = new("Bad request", "请求无效"),
        [401] = new("Not signed in", "未认证"),
        [403] = new("Not allowed", "没有权限"),
        [404] = new("Not found", "不存在"),
        [405] = new("Method not allowed", "不支持的方法"),
        [408] = new("Request timed out", "请求超时"),
        [409] = new("Conflict", "冲突"),
        [410] = new("Gone", "已不存在"),
        [412] = new("Precondition failed", "前提条件不满足"),
        [413] = new("Body too large", "请求体过大"),
        [415] = new("Unsupported media type", "不支持的媒体类型"),
        [422] = new("Invalid values", "内容无效"),
        [429] = new("Too many requests", "请求过多"),
        [431] = new("Headers too large", "请求头过大"),
        [500] = new("Internal error", "内部错误"),
        [503] = new("Not available now", "暂时不可用"),
    };

    public int Status => status;

    public LocalizedText Detail => detail;

    /// <summary>Every problem at once, by path.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The targets that stand in the way.</summary>
    public IReadOnlyList<long>? TargetIds { get; init; }

    public static Problem BadRequest(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status400BadRequest, new("the request cannot be read as it is; see errors", "无法处理该请求，详见 errors")) { Errors = errors };

    public static Problem Invalid(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status422UnprocessableEntity, new("some values are not valid; see errors", "部分内容无效，详见 errors")) { Errors = errors };

    public static Problem NotFound(LocalizedText detail) => new(StatusCodes.Status404NotFound, detail);

    public static LocalizedText Title(int status) => Titles.GetValueOrDefault(status, OtherTitle);

    public override async Task WriteAsync(HttpContext context)
    {
        var language = AcceptLanguage.Of(context);
        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var writer = new Utf8JsonWriter(buffer, JsonAnswer.Readable))
        {
            Write(writer, language);
        }

        var response = context.Response;
        response.StatusCode = status;
        response.Headers[HeaderNames.CacheControl] = "no-store";
        response.Headers[HeaderNames.Vary] = HeaderNames.AcceptLanguage;
        response.Headers[HeaderNames.ContentLanguage] = language == Language.Chinese ? "zh" : "en";
        if (RetryAfter is { } wait)
        {
            response.Headers[HeaderNames.RetryAfter] = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (status == StatusCodes.Status413PayloadTooLarge)
        {
            // The rest of the body is not read, so the connection cannot be used again.
            response.Headers[HeaderNames.Connection] = "close";
        }

        await JsonAnswer.SendAsync(response, "application/problem+json; charset=utf-8", buffer.WrittenMemory, context.RequestAborted);
    }

    private void Write(Utf8JsonWriter writer, Language language)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "about:blank");
        writer.WriteString("title", Title(status).In(language));
        writer.WriteNumber("status", status);
        writer.WriteString("detail", detail.In(language));
        if (Errors.Count > 0)
        {
            writer.WriteStartObject("errors");
            foreach (var field in Errors.Take(ObjectSchema.MaxErrors).GroupBy(error => error.Path, StringComparer.Ordinal))
            {
                writer.WriteStartArray(field.Key);
                foreach (var message in field.Select(error => error.Message.In(language)).Distinct(StringComparer.Ordinal))
                {
                    writer.WriteStringValue(message);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        if (TargetIds is not null)
        {
            writer.WriteStartArray("target_ids");
            foreach (var id in TargetIds)
            {
                writer.WriteNumberValue(id);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
