using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Runs on request: of a target, or of a config that is not stored.</summary>
internal sealed class ProbesApi(ITargetStore store, ITargetRuntime runtime, ProberCatalog catalog)
{
    private static readonly Problem NotRunning = new(StatusCodes.Status409Conflict, new LocalizedText(
        "the target is not running: it is disabled, or its owner has yet to take it up", "目标未在运行：已禁用，或尚未被接管"));

    private readonly ObjectSchema _schema = DryRunFields.Of(catalog);

    public void Map(IEndpointRouteBuilder routes, TargetOperations operations)
    {
        routes.MapOperation(operations.Probe, ProbeAsync);
        routes.MapOperation(operations.DryRun, DryRunAsync);
    }

    private async Task<ApiAnswer> ProbeAsync(ApiCall call)
    {
        if (await store.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return TargetsApi.Missing;
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
            var errors = new List<FieldError>();
            _schema.Validate(body.Root, "", errors);
            var values = new ConfigValues(body.Root);
            var prober = values.Raw("type") is { ValueKind: JsonValueKind.String } type ? catalog.Find(type.GetString()!) : null;
            var stored = await StoredConfigAsync(values, prober, errors, call.Aborted);
            var config = prober is not null && values.Raw("config") is { } sent ? ConfigReader.Read(prober, sent, stored, errors) : null;
            if (errors.Count > 0 || prober is null || config is null)
            {
                return Problem.Invalid(errors);
            }

            var timeout = TimeSpan.FromSeconds(values.Int("timeout_seconds") ?? 5);
            return Answer(await runtime.DryRunAsync(prober, config.Value, timeout, call.Aborted));
        }
    }

    private async Task<string?> StoredConfigAsync(ConfigValues values, IProber? prober, List<FieldError> errors, CancellationToken cancellationToken)
    {
        if (values.Raw("target_id") is not { ValueKind: JsonValueKind.Number } given || !given.TryGetInt64(out var id) || id is < 1 or > TargetFields.MaxId)
        {
            return null;
        }

        var row = await store.FindTargetAsync(id, cancellationToken);
        if (row is null)
        {
            errors.Add(FieldError.At("target_id", "there is no such target", "目标不存在"));
        }

        return row is not null && row.Target.Settings.Type == prober?.Type ? row.Target.Settings.Config : null;
    }

    private static JsonAnswer Answer(CheckRecord result) => new(writer => TargetJson.WriteResult(writer, result));
}
