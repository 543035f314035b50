using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Peers;

/// <summary>Brings calls of other silos to the desk that answers them. No part of the public contract: it may change with every version that silos of one cluster can share.</summary>
internal sealed class PeerApi(IPeerDesk? desk = null)
{
    private const string Scheme = "Peer ";
    private const int MaxBytes = 1 << 20;

    public void Map(IEndpointRouteBuilder routes)
    {
        if (desk is not null)
        {
            routes.MapPost("/internal/peers/{call}", (HttpContext context, string call) => AnswerAsync(context, call, desk));
        }
    }

    private static async Task AnswerAsync(HttpContext context, string call, IPeerDesk desk)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.Ordinal) || !desk.IsPeer(header[Scheme.Length..]))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var answer = body.Length > MaxBytes ? null : await desk.AnswerAsync(call, body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
        if (answer is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }
}
