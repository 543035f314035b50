using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>Everything that ends without an answer of its own becomes problem+json: unknown routes, wrong methods, a store that is away, defects.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(2);

    private static readonly LocalizedText Defect = new("an unexpected error; the log of the service has more", "发生意外错误，详见服务日志");
    private static readonly LocalizedText Unreadable = new("the request could not be read", "无法读取该请求");
    private static readonly LocalizedText NoRoute = new("there is nothing at this address; /openapi/v1.json lists what there is", "此地址没有内容；可用地址见 /openapi/v1.json");
    private static readonly LocalizedText NoMethod = new("this address does not take that method; see Allow", "此地址不支持该方法，见 Allow 头");
    private static readonly LocalizedText NotDone = new("the request was not accepted", "请求未被接受");

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
            if (!context.Response.HasStarted && Bare(context.Response) is { } problem)
            {
                await problem.WriteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone: nobody reads an answer.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var allow = context.Response.Headers.Allow;
            context.Response.Clear();
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.Allow = allow;
            await Of(e, context).WriteAsync(context);
        }
    }

    private static Problem? Bare(HttpResponse response) => response switch
    {
        { StatusCode: < 400 } or { ContentType: not null } => null,
        { StatusCode: StatusCodes.Status404NotFound } => new Problem(StatusCodes.Status404NotFound, NoRoute),
        { StatusCode: StatusCodes.Status405MethodNotAllowed } => new Problem(StatusCodes.Status405MethodNotAllowed, NoMethod),
        _ => new Problem(response.StatusCode, NotDone),
    };

    private Problem Of(Exception e, HttpContext context)
    {
        switch (e)
        {
            case StoreUnavailableException away:
                LogStoreAway(context.Request.Method, context.Request.Path, e.Message);
                var detail = new LocalizedText($"the store is not available: {away.Line.English}", $"存储暂时不可用：{away.Line.Chinese}");
                return new Problem(StatusCodes.Status503ServiceUnavailable, detail) { RetryAfter = StoreRetry };
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return RequestBody.TooLarge;
            case BadHttpRequestException bad:
                return new Problem(bad.StatusCode, Unreadable);
            default:
                LogDefect(e, context.Request.Method, context.Request.Path);
                return new Problem(StatusCodes.Status500InternalServerError, Defect);
        }
    }
}
