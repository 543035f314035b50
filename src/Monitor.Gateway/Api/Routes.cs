using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Gateway.Access;

namespace Monitor.Gateway.Api;

internal static class Routes
{
    /// <summary>Puts an operation at its address. Unknown query parameters are refused before the handler runs; a GET answers HEAD too.</summary>
    public static void MapOperation(this IEndpointRouteBuilder routes, ApiOperation operation, Func<ApiCall, Task<ApiAnswer>> handler)
    {
        string[] methods = operation.Method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [operation.Method];
        RequestDelegate run = async context =>
        {
            var call = new ApiCall(context);
            call.Query.RefuseUnknown(operation.Query);
            var answer = call.Query.Refused(out var refusal) ? refusal : await handler(call);
            await answer.WriteAsync(context);
        };
        var endpoint = routes.MapMethods(operation.Pattern.Replace("{id}", "{id:long:min(0)}", StringComparison.Ordinal), methods, run)
            .WithMetadata(operation);
        if (operation.Role is { } role)
        {
            endpoint.WithMetadata(new RequiredRole(role));
        }
    }
}
