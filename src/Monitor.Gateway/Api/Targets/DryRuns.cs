using System.Text.Json;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Tries a config once; stores nothing.</summary>
internal sealed class DryRuns(ITargetStore store, ITargetRuntime runtime, ProberCatalog catalog)
{
    private readonly ObjectSchema _schema = DryRunFields.Of(catalog);

    /// <param name="body">As <see cref="DryRunFields"/> says.</param>
    public async Task<Reading<CheckRecord>> RunAsync(JsonElement body, CancellationToken aborted)
    {
        var errors = new List<FieldError>();
        _schema.Validate(body, "", errors);
        var values = new ConfigValues(body);
        var prober = values.Raw("type") is { ValueKind: JsonValueKind.String } type ? catalog.Find(type.GetString()!) : null;
        var stored = await StoredConfigAsync(values, prober, errors, aborted);
        var config = prober is not null && values.Raw("config") is { } sent ? ConfigReader.Read(prober, sent, stored, errors) : null;
        if (errors.Count > 0 || prober is null || config is null)
        {
            return Problem.Invalid(errors);
        }

        var timeout = TimeSpan.FromSeconds(values.Int("timeout_seconds") ?? 5);
        return await runtime.DryRunAsync(prober, config.Value, timeout, aborted);
    }

    private async Task<string?> StoredConfigAsync(ConfigValues values, IProber? prober, List<FieldError> errors, CancellationToken aborted)
    {
        if (values.Raw("target_id") is not { ValueKind: JsonValueKind.Number } given || !given.TryGetInt64(out var id) || id is < 1 or > TargetFields.MaxId)
        {
            return null;
        }

        var row = await store.FindTargetAsync(id, aborted);
        if (row is null)
        {
            errors.Add(FieldError.At("target_id", "there is no such target", "目标不存在"));
        }

        return row is not null && row.Target.Settings.Type == prober?.Type ? row.Target.Settings.Config : null;
    }
}
