using System.Globalization;
using System.Text.Json;
using Monitor.Core.Messages;
using Monitor.Core.Redaction;

namespace Monitor.Grains.Notifying.WeCom;

/// <summary>Reads what a robot answered. The <c>errcode</c> in the body decides, never the HTTP status of 200 and never the words.</summary>
internal static class WeComAnswer
{
    private const int SaidBytes = 500;
    private const int AnswerBytes = 1024;

    /// <param name="body">At most the first 64 KiB.</param>
    /// <param name="secrets">What must not come out again: <see cref="Redactor.SecretsOf"/>.</param>
    public static PostVerdict Read(int status, string body, string?[] secrets)
    {
        var (code, message) = Parse(body);
        var answer = ByteCut.To(Redactor.Strip(body, secrets), AnswerBytes);
        var errMsg = message is null ? null : Redactor.Line(message, SaidBytes, secrets);
        var said = code is null
            ? Redactor.Line(string.Create(CultureInfo.InvariantCulture, $"http {status}: {Summary(status, body)}"), SaidBytes, secrets)
            : ByteCut.To(string.Create(CultureInfo.InvariantCulture, $"{code} {errMsg}").TrimEnd(), SaidBytes);
        return new PostVerdict(Judge(status, code), said, status, code, errMsg, answer);
    }

    private static PostOutcome Judge(int status, int? code)
    {
        if (status is 408 or 429 or >= 500)
        {
            return PostOutcome.Busy;
        }

        // 0 counts only where the robot itself answers: with 200.
        if (code is null || (code == 0 && status is < 200 or > 299))
        {
            return PostOutcome.Odd;
        }

        return code switch
        {
            0 => PostOutcome.Ok,
            -1 or 45033 => PostOutcome.Busy,
            45009 => PostOutcome.Throttled,
            40058 or 45002 => PostOutcome.TooLong,
            _ => PostOutcome.Refused,
        };
    }

    private static string Summary(int status, string body)
    {
        if (status is >= 300 and <= 399)
        {
            return "redirects are not followed";
        }

        return body.Length == 0 ? "empty answer, no errcode" : "no errcode in " + body;
    }

    private static (int? Code, string? Message) Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("errcode", out var code)
                || code.ValueKind != JsonValueKind.Number
                || !code.TryGetInt32(out var number))
            {
                return (null, null);
            }

            var message = document.RootElement.TryGetProperty("errmsg", out var text) && text.ValueKind == JsonValueKind.String ? Words(text) : null;
            return (number, message);
        }
        catch (JsonException)
        {
            return (null, null);
        }
    }

    private static string? Words(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: the code is what counts.
            return null;
        }
    }
}
