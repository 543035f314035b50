using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api;

namespace Monitor.Gateway.Web.Serving;

/// <summary>Errors for people: a browser that asked for a page gets one, whatever went wrong. Clients of the API keep their problem+json.</summary>
internal sealed partial class ErrorPages(RequestDelegate next, PageRoutes pages, ILogger<ErrorPages> log)
{
    private static readonly LocalizedText NoPage = new("there is no page at this address", "此地址没有页面");
    private static readonly LocalizedText Defect = new("an unexpected error; the log of the service has more", "发生意外错误，详见服务日志");
    private static readonly LocalizedText NotDone = new("the request was not accepted", "请求未被接受");

    public async Task InvokeAsync(HttpContext context)
    {
        if (!WantsPage(context.Request))
        {
            await next(context);
            return;
        }

        try
        {
            await next(context);
        }
        catch (StoreUnavailableException e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await pages.WriteProblemAsync(context, new Problem(
                StatusCodes.Status503ServiceUnavailable, new LocalizedText($"the store is not available: {e.Line.English}", $"存储暂时不可用：{e.Line.Chinese}"))
            {
                RetryAfter = TimeSpan.FromSeconds(2),
            });
            return;
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await pages.WriteProblemAsync(context, new Problem(e.StatusCode, NotDone));
            return;
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.Response.HasStarted)
        {
            LogDefect(e, context.Request.Method, context.Request.Path);
            context.Response.Clear();
            await pages.WriteProblemAsync(context, new Problem(StatusCodes.Status500InternalServerError, Defect));
            return;
        }

        if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentType: null })
        {
            var status = context.Response.StatusCode;
            await pages.WriteProblemAsync(context, new Problem(status, status == StatusCodes.Status404NotFound ? NoPage : NotDone));
        }
    }

    private static bool WantsPage(HttpRequest request) =>
        !request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
