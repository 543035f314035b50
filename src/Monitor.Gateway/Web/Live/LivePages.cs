using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;
using Monitor.Gateway.Access;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Sessions;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Live;

/// <summary>Server-sent events: the parts of an open page that have changed.</summary>
internal sealed class LivePages(LiveHub hub, LiveTopics topics, BrowserSessions sessions, Visitors visitors, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>A page that another silo made may be dated by another clock.</summary>
    private const long ClockMargin = 5_000;

    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(15);

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/live", [HttpMethods.Get], RunAsync);

    private async Task RunAsync(HttpContext context)
    {
        if (await sessions.CallerAsync(context) is not { } caller)
        {
            // 204 tells an EventSource to stop asking.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var visitor = visitors.Of(context, caller, withForm: false);
        var query = context.Request.Query;
        if (topics.Find(query, Shared(visitor)) is not { } make)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var since = long.TryParse(query["since"], NumberStyles.None, CultureInfo.InvariantCulture, out var stamp) ? stamp - ClockMargin : 0;
        var (topic, subscriber) = hub.Join(make.Key, since, make.Topic);
        try
        {
            await SendAsync(context, subscriber, caller);
        }
        finally
        {
            topic.Remove(subscriber);
            subscriber.End();
        }
    }

    private async Task SendAsync(HttpContext context, LiveSubscriber subscriber, Caller caller)
    {
        var response = context.Response;
        SecurityHeaders.Write(response);
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers["X-Accel-Buffering"] = "no";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await response.Body.WriteAsync("retry: 3000\n\n"u8.ToArray(), over.Token);
            await response.Body.FlushAsync(over.Token);
            while (!over.Token.IsCancellationRequested)
            {
                var message = await NextAsync(subscriber, over.Token);
                if (message is null || await sessions.CallerAsync(context) is not { } still || still.Role != caller.Role)
                {
                    // Fell behind, signed out, revoked: the browser asks again, and gets what it may have then.
                    return;
                }

                await response.Body.WriteAsync(message, over.Token);
                await response.Body.FlushAsync(over.Token);
            }
        }
        catch (OperationCanceledException) when (over.Token.IsCancellationRequested)
        {
            // Gone, or we are stopping.
        }
    }

    /// <summary>What is to be sent next: a message, or a comment that keeps the line open. Null at the end.</summary>
    private async Task<byte[]?> NextAsync(LiveSubscriber subscriber, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Breath, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await subscriber.Messages.WaitToReadAsync(either.Token) && subscriber.Messages.TryRead(out var message) ? message : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ": \n\n"u8.ToArray();
        }
    }

    /// <summary>What all who see the same have in common.</summary>
    private static Visitor Shared(Visitor visitor) => new()
    {
        Language = visitor.Language,
        Zone = visitor.Zone,
        Now = visitor.Now,
        Role = visitor.CanEdit ? Role.Editor : Role.Viewer,
    };
}
