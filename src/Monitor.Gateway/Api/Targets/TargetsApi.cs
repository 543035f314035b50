using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Targets: list, read, create, replace, change, delete, enable, disable.</summary>
internal sealed partial class TargetsApi(
    ITargetStore store, ITargetRuntime runtime, TargetReader reader, GatewayOptions options, TimeProvider time, ILogger<TargetsApi> log)
{
    public static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such target", "目标不存在"));

    public void Map(IEndpointRouteBuilder routes, TargetOperations operations)
    {
        routes.MapOperation(operations.List, ListAsync);
        routes.MapOperation(operations.Create, CreateAsync);
        routes.MapOperation(operations.Read, ReadAsync);
        routes.MapOperation(operations.Replace, call => ChangeAsync(call, isPatch: false));
        routes.MapOperation(operations.Patch, call => ChangeAsync(call, isPatch: true));
        routes.MapOperation(operations.Delete, DeleteAsync);
        routes.MapOperation(operations.Enable, call => SwitchAsync(call, enabled: true));
        routes.MapOperation(operations.Disable, call => SwitchAsync(call, enabled: false));
    }

    private async Task<ApiAnswer> ListAsync(ApiCall call)
    {
        var given = call.Query;
        var sort = given.Choice("sort", "id", TargetOperations.Sorts);
        var list = "targets:" + sort;
        var query = new TargetQuery
        {
            Type = given.Text("type"),
            Statuses = given.Names<HealthStatus>("status"),
            Group = given.Text("group"),
            Labels = Labels(given),
            NameContains = given.Text("q"),
            Enabled = given.Flag("enabled"),
            Sort = sort.TrimStart('-') switch { "name" => TargetSort.Name, "status_since" => TargetSort.StatusSince, _ => TargetSort.Id },
            Descending = sort.StartsWith('-'),
            Limit = given.Limit(),
            After = given.Cursor(list),
        };
        if (given.Refused(out var refusal))
        {
            return refusal;
        }

        var read = await Pages.ReadAsync(query.After, () => store.ListTargetsAsync(query, call.Aborted));
        return read.Refused(out refusal!, out var page)
            ? refusal
            : Pages.Answer(list, page, (writer, row) => TargetJson.Write(writer, View(row)));
    }

    private static List<KeyValuePair<string, string>> Labels(QueryReader query)
    {
        var labels = new List<KeyValuePair<string, string>>();
        foreach (var text in query.Texts("label"))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || text.Length > 300)
            {
                query.Refuse("label", "must be key=value", "必须是 键=值");
            }
            else
            {
                labels.Add(KeyValuePair.Create(text[..equals], text[(equals + 1)..]));
            }
        }

        if (labels.Count > 32)
        {
            query.Refuse("label", "is given more than 32 times", "最多给出 32 次");
        }

        return labels;
    }

    private async Task<ApiAnswer> ReadAsync(ApiCall call) =>
        await store.FindTargetAsync(call.Id, call.Aborted) is { } row ? Answer(row) : Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        var given = await call.BodyAsync();
        if (given.Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            if (call.Edit(time.GetUtcNow(), body).Refused(out refusal, out var edit)
                || (await reader.ReadAsync(body.Root, stored: null, call.Aborted)).Refused(out refusal, out var settings))
            {
                return refusal;
            }

            var outcome = await store.CreateTargetAsync(settings, edit, CancellationToken.None);
            if (outcome.Value is not { } target)
            {
                return Revisions.Refusal(outcome, Missing);
            }

            await TellOwnerAsync(target.Id);
            var replayed = outcome.Problem == EditProblem.Replayed ? await store.FindTargetAsync(target.Id, call.Aborted) : null;
            return Answer(replayed ?? new TargetRow(target, null, null), StatusCodes.Status201Created);
        }
    }

    private async Task<ApiAnswer> ChangeAsync(ApiCall call, bool isPatch)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            return await EditAsync(call, (stored, cancelled) => reader.ReadAsync(isPatch ? Merged(stored, body.Root) : body.Root, stored, cancelled));
        }
    }

    private Task<ApiAnswer> SwitchAsync(ApiCall call, bool enabled) =>
        EditAsync(call, (stored, _) => Task.FromResult<Reading<TargetSettings>>(stored with { Enabled = enabled }));

    private Task<ApiAnswer> EditAsync(ApiCall call, Func<TargetSettings, CancellationToken, Task<Reading<TargetSettings>>> change) => call.EditAsync(async () =>
    {
        if (await store.FindTargetAsync(call.Id, call.Aborted) is not { } row)
        {
            return Missing;
        }

        if (!call.Accepts(row.Target.Revision))
        {
            return Revisions.Lost;
        }

        if ((await change(row.Target.Settings, call.Aborted)).Refused(out var refusal, out var settings))
        {
            return refusal;
        }

        if (settings == row.Target.Settings)
        {
            return Answer(row);
        }

        var outcome = await store.UpdateTargetAsync(call.Id, row.Target.Revision, settings, call.Edit(time.GetUtcNow()), CancellationToken.None);
        if (outcome.Problem == EditProblem.RevisionLost)
        {
            return null;
        }

        if (outcome.Value is not { } target)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellOwnerAsync(target.Id);
        return Answer(row with { Target = target });
    });

    private async Task<ApiAnswer> DeleteAsync(ApiCall call)
    {
        long? expected = null;
        if (call.Pinned())
        {
            if (await store.FindTargetAsync(call.Id, call.Aborted) is not { } row)
            {
                return Missing;
            }

            if (!call.Accepts(row.Target.Revision))
            {
                return Revisions.Lost;
            }

            expected = row.Target.Revision;
        }

        var outcome = await store.DeleteTargetAsync(call.Id, expected, call.Edit(time.GetUtcNow()), CancellationToken.None);
        if (outcome.Problem != EditProblem.None)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellOwnerAsync(call.Id);
        return NoContent.Instance;
    }

    /// <summary>A type of its own takes a config of its own: nothing of the old one is merged into it.</summary>
    private static JsonElement Merged(TargetSettings stored, JsonElement patch)
    {
        var present = TargetJson.Sendable(stored);
        var type = new ConfigValues(patch).Raw("type");
        if (type is { ValueKind: JsonValueKind.String } given && given.GetString() != stored.Type)
        {
            present.Remove("config");
        }

        return JsonSerializer.SerializeToElement(MergePatch.Apply(present, patch), ConfigReader.Readable);
    }

    /// <summary>The edit is stored, whatever happens here: an owner that could not take it up now does so at its next look.</summary>
    private async Task TellOwnerAsync(long id)
    {
        try
        {
            await runtime.TargetChangedAsync(id, CancellationToken.None);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogOwnerNotTold(e, id);
        }
    }

    private JsonAnswer Answer(TargetRow row, int status = StatusCodes.Status200OK)
    {
        var view = View(row);
        return new JsonAnswer(writer => TargetJson.Write(writer, view), status)
        {
            Revision = row.Target.Revision,
            Location = status == StatusCodes.Status201Created
                ? "/api/v1/targets/" + row.Target.Id.ToString(CultureInfo.InvariantCulture)
                : null,
        };
    }

    private TargetView View(TargetRow row) => TargetView.Of(row, runtime.Live(row.Target.Id), options.Language);
}
