using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api;
using Monitor.Gateway.Web.Components;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Sessions;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Serving;

/// <summary>Puts pages at their addresses: who may see them, whose form it is, and what becomes of a refusal.</summary>
internal sealed class PageRoutes(BrowserSessions sessions, FormGuard guard, Visitors visitors, BoardReader board, PageWriter writer)
{
    private static readonly Problem ForeignForm = new(StatusCodes.Status400BadRequest, new LocalizedText(
        "this form was not made by this page, or is too old: go back, reload the page and try again",
        "该表单不是由本页面生成或已过期：请返回、刷新页面后重试"));

    /// <param name="role">Null: also for those who are not signed in.</param>
    public void Get(IEndpointRouteBuilder routes, string pattern, Role? role, Func<PageCall, Task<PageAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], context => RunAsync(context, role, handler));

    public void Post(IEndpointRouteBuilder routes, string pattern, Role? role, Func<PageCall, Task<PageAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Post], context => RunAsync(context, role, handler));

    public async Task WriteProblemAsync(HttpContext context, Problem problem)
    {
        var visitor = visitors.Of(context, await sessions.CallerAsync(context));
        await WriteAsync(context, visitor, new Refused(problem));
    }

    private async Task RunAsync(HttpContext context, Role? role, Func<PageCall, Task<PageAnswer>> handler)
    {
        var caller = await sessions.CallerAsync(context);
        if (caller is not null && HttpMethods.IsGet(context.Request.Method))
        {
            // How many are down stands on every page.
            await board.ReadAsync(context.RequestAborted);
        }

        var visitor = visitors.Of(context, caller);
        await WriteAsync(context, visitor, await AnswerAsync(context, visitor, caller, role, handler));
    }

    private async Task<PageAnswer> AnswerAsync(HttpContext context, Visitor visitor, Caller? caller, Role? role, Func<PageCall, Task<PageAnswer>> handler)
    {
        var isPost = HttpMethods.IsPost(context.Request.Method);
        if (role is not null && caller is null)
        {
            return new GoTo("/sign-in?next=" + Uri.EscapeDataString(isPost ? "/" : visitor.Address));
        }

        if (caller?.Role < role)
        {
            var (has, needed) = (caller.Role.Name(), role.Value.Name());
            return new Refused(new Problem(StatusCodes.Status403Forbidden, new LocalizedText(
                $"your token's role is {has}; this needs {needed}", $"您的令牌角色是 {has}，该操作需要 {needed}")));
        }

        caller?.Enter(context);
        var form = isPost && context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
        if (isPost && !guard.Accepts(context, form, caller))
        {
            return new Refused(ForeignForm);
        }

        return await handler(new PageCall(context, visitor, caller, form));
    }

    private async Task WriteAsync(HttpContext context, Visitor visitor, PageAnswer answer)
    {
        switch (answer)
        {
            case GoTo go:
                SecurityHeaders.Write(context.Response);
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = go.Address;
                break;
            case Refused refused:
                if (refused.Problem.RetryAfter is { } wait)
                {
                    context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
                }

                await writer.WriteAsync(context, visitor, Shown.Of<ErrorPage>(ErrorModel.Of(refused.Problem), refused.Problem.Status));
                break;
            case Shown shown:
                await writer.WriteAsync(context, visitor, shown);
                break;
            default:
                throw new InvalidOperationException($"nobody writes a {answer.GetType().Name}");
        }
    }
}
