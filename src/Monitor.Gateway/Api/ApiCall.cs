using System.Globalization;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Access;

namespace Monitor.Gateway.Api;

/// <summary>One call as a handler sees it.</summary>
internal sealed class ApiCall(HttpContext context)
{
    private const int MaxKeyLength = 200;

    public QueryReader Query { get; } = new(context.Request.Query);

    /// <summary>Cancelled when the caller goes. Edits do not follow it: one that was stored must also reach the target's owner.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>In which the caller reads.</summary>
    public Language Language => AcceptLanguage.Of(context);

    public Caller Caller => Caller.Of(context);

    /// <summary>The id in the address.</summary>
    public long Id => long.Parse((string)context.Request.RouteValues["id"]!, NumberStyles.Integer, CultureInfo.InvariantCulture);

    public IReadOnlyList<string?> IfMatch => context.Request.Headers.IfMatch.ToArray();

    public Task<Reading<RequestBody>> BodyAsync() => RequestBody.ReadAsync(context.Request, context.RequestAborted);

    public Edit Edit(DateTimeOffset now) => new(Caller.Name, now);

    /// <summary>The edit with what its Idempotency-Key, if any, is bound to.</summary>
    public Reading<Edit> Edit(DateTimeOffset now, RequestBody body)
    {
        var header = context.Request.Headers["Idempotency-Key"];
        if (header.Count == 0)
        {
            return Edit(now);
        }

        var key = header.ToString();
        if (header.Count > 1 || key.Length is 0 or > MaxKeyLength || key.Any(c => c is < ' ' or > '~'))
        {
            return new Problem(StatusCodes.Status400BadRequest, new LocalizedText(
                $"Idempotency-Key must be one text of 1 to {MaxKeyLength} printable ASCII characters",
                $"Idempotency-Key 必须是 1 到 {MaxKeyLength} 个可打印 ASCII 字符"));
        }

        return Edit(now) with { Idempotency = new IdempotencyClaim(Caller.TokenId, key, body.Hash(context.Request)) };
    }
}
