using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Health;

/// <summary><c>/healthz</c>: the process is up. <c>/readyz</c>: it can answer reads; what it cannot do besides is a reason, not an end.</summary>
internal sealed class HealthApi(
    StartupGate startup, IHostApplicationLifetime lifetime, IStoreLifecycle lifecycle, ITargetStore store, IEnumerable<ICondition> conditions, TimeProvider time)
{
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(2);

    private static readonly LocalizedText Starting = new("the service is starting", "服务正在启动");
    private static readonly LocalizedText Stopping = new("the service is stopping", "服务正在停止");
    private static readonly LocalizedText NoReads = new("the store does not answer reads", "存储不应答读取");

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
        if (await ReadTroubleAsync(call.Aborted) is { } trouble)
        {
            return Answer(call, "unavailable", [trouble, .. reasons], StatusCodes.Status503ServiceUnavailable);
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

    /// <summary>Null when a read is answered in time.</summary>
    private async Task<LocalizedText?> ReadTroubleAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReadLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await store.DefaultChannelIdsAsync(both.Token).WaitAsync(both.Token);
            return null;
        }
        catch (StoreUnavailableException e)
        {
            return e.Line;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return NoReads;
        }
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
