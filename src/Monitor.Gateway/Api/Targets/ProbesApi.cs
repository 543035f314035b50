using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Runs on request: of a target, or of a config that is not stored.</summary>
internal sealed class ProbesApi(ITargetStore store, ITargetRuntime runtime, DryRuns dryRuns)
{
    public static readonly Problem NotRunning = new(StatusCodes.Status409Conflict, new LocalizedText(
        "the target is not running: it is disabled, or its owner has yet to take it up", "目标未在运行：已禁用，或尚未被接管"));

    public void Map(IEndpointRouteBuilder routes, TargetOperations operations)
    {
        routes.MapOperation(operations.Probe, ProbeAsync);
        routes.MapOperation(operations.DryRun, DryRunAsync);
    }

    private async Task<ApiAnswer> ProbeAsync(ApiCall call)
    {
        if (await store.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return TargetEdits.Missing;
        }

        return await runtime.ProbeNowAsync(call.Id, call.Aborted) is { } result ? Answer(result) : NotRunning;
    }

    private async Task<ApiAnswer> DryRunAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            return (await dryRuns.RunAsync(body.Root, call.Aborted)).Refused(out refusal, out var result) ? refusal : Answer(result);
        }
    }

    private static JsonAnswer Answer(CheckRecord result) => new(writer => TargetJson.WriteResult(writer, result));
}
