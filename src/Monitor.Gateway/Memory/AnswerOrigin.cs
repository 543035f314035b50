using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Monitor.Gateway.Memory;

/// <summary>Says in the answer itself that it comes from memory, and how old that is. Only reads may: what changes something needs the store.</summary>
internal sealed class AnswerOrigin(IHttpContextAccessor requests, GatewayOptions options, TimeProvider time)
{
    public const string Header = "Monitor-Answered-From";
    public const string AgeHeader = "Monitor-Memory-Age";

    private static readonly object Key = new();

    /// <summary>Nobody's request (the pages' own look round), or one that only reads.</summary>
    public bool MayRemember => options.RemembersStore
        && (requests.HttpContext is not { } context || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method));

    /// <param name="at">Of the oldest part.</param>
    public void Mark(DateTimeOffset at)
    {
        if (requests.HttpContext is not { Response.HasStarted: false } context)
        {
            return;
        }

        var oldest = context.Items[Key] is DateTimeOffset before && before < at ? before : at;
        context.Items[Key] = oldest;
        var age = Math.Max(0, (long)Math.Ceiling((time.GetUtcNow() - oldest).TotalSeconds));
        context.Response.Headers[Header] = "memory";
        context.Response.Headers[AgeHeader] = age.ToString(CultureInfo.InvariantCulture);
    }
}
