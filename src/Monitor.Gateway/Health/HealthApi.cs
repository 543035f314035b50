using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Memory;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Health;

/// <summary><c>/healthz</c>: the process is up. <c>/readyz</c>: it can answer reads; what it cannot do besides is a reason, not an end.</summary>
internal sealed class HealthApi(
    StartupGate startup, IHostApplicationLifetime lifetime, IStoreLifecycle lifecycle, StoreReach reach, StoreMemory memory, IEnumerable<ICondition> conditions)
{
    private static readonly LocalizedText Starting = new("the service is starting", "服务正在启动");
    private static readonly LocalizedText Stopping = new("the service is stopping", "服务正在停止");

    private static readonly ApiOperation Alive = new("GET", "/healthz", "healthz", null, "The process is up")
    {
        Answer = "Condition",
        AnswerExample = """{"status":"ok"}""",
    };

    private static readonly ApiOperation Ready = new("GET", "/readyz", "readyz", null, "It can answer reads; with what is not well")
    {
        Answer = "Condition",
        AnswerExample = Examples.Ready,
        Problems = [],
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOperation(Alive, _ => Task.FromResult<ApiAnswer>(new JsonAnswer(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "ok");
            writer.WriteEndObject();
        })));
        routes.MapOperation(Ready, ReadyAsync);
    }

    private async Task<ApiAnswer> ReadyAsync(ApiCall call)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Answer(call, "stopping", [Stopping], StatusCodes.Status503ServiceUnavailable);
        }

        if (!startup.IsOpen)
        {
            return Answer(call, "starting", [Starting], StatusCodes.Status503ServiceUnavailable);
        }

        var reasons = Reasons();
        if ((reach.Away ?? await reach.LookAsync(call.Aborted)) is { } away)
        {
            return memory.Picture is null
                ? Answer(call, "unavailable", [away.Reason, .. reasons], StatusCodes.Status503ServiceUnavailable)
                : Answer(call, "degraded", [away.Reason, FromMemory(away), .. reasons], StatusCodes.Status200OK);
        }

        return Answer(call, reasons.Count == 0 ? "ready" : "degraded", reasons, StatusCodes.Status200OK);
    }

    private List<LocalizedText> Reasons()
    {
        var reasons = conditions.SelectMany(condition => condition.Reasons()).ToList();
        if (lifecycle.WriteTrouble is { } trouble)
        {
            reasons.Insert(0, trouble);
        }

        return [.. reasons.Distinct()];
    }

    private static LocalizedText FromMemory(Absence away)
    {
        var since = away.Since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new LocalizedText(
            $"the store answers no reads since {since}: targets, channels and open alerts are answered from memory",
            $"存储自 {since} 起不应答读取：目标、通道和未恢复的告警由内存应答");
    }


    private static JsonAnswer Answer(ApiCall call, string status, IReadOnlyList<LocalizedText> reasons, int code) => new(
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", status);
            writer.WriteStartArray("reasons");
            foreach (var reason in reasons)
            {
                writer.WriteStringValue(reason.In(call.Language));
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        },
        code);
}
