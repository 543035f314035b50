using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Health;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Targets: list, read, create, replace, change, delete, enable, disable.</summary>
internal sealed class TargetsApi(
    ITargetStore store, ITargetRuntime runtime, TargetEdits edits, GatewayOptions options, TimeProvider time)
{
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
        await store.FindTargetAsync(call.Id, call.Aborted) is { } row ? Answer(row) : TargetEdits.Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            if (call.Edit(time.GetUtcNow(), body).Refused(out refusal, out var edit)
                || (await edits.CreateAsync(body.Root, edit, call.Aborted)).Refused(out refusal, out var row))
            {
                return refusal;
            }

            return Answer(row, StatusCodes.Status201Created);
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
            return Answer(await edits.ChangeAsync(call.Id, body.Root, isPatch, call.Expected(), call.Edit(time.GetUtcNow()), call.Aborted));
        }
    }

    private async Task<ApiAnswer> SwitchAsync(ApiCall call, bool enabled) =>
        Answer(await edits.ChangeAsync(
            call.Id, stored => stored with { Enabled = enabled }, call.Expected(), call.Edit(time.GetUtcNow()), call.Aborted));

    private async Task<ApiAnswer> DeleteAsync(ApiCall call) =>
        (ApiAnswer?)await edits.DeleteAsync(call.Id, call.Expected(), call.Edit(time.GetUtcNow()), call.Aborted) ?? NoContent.Instance;

    private ApiAnswer Answer(Reading<TargetRow> edited) => edited.Refused(out var refusal, out var row) ? refusal : Answer(row);

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
