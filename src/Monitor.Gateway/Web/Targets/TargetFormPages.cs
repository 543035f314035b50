using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Web.Forms;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;

namespace Monitor.Gateway.Web.Targets;

/// <summary>Making and editing targets: the form of any type is drawn from its prober's schema.</summary>
internal sealed class TargetFormPages(
    ITargetStore store, TargetEdits edits, TargetReader reader, DryRuns dryRuns, ProberCatalog catalog, SchemaForm forms, BoardReader board, TimeProvider time)
{
    private const int MaxChannels = 500;

    private static readonly string[] Basics = ["name", "group", "labels", "external_id", "enabled"];
    private static readonly string[] Timing = ["interval_seconds", "timeout_seconds", "failure_threshold", "recovery_threshold", "retry_interval_seconds", "notify_degraded"];

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/targets/new", Role.Editor, NewAsync);
        pages.Post(routes, "/targets/new", Role.Editor, call => PostAsync(call, stored: null));
        pages.Get(routes, "/targets/{id:long:min(1)}/edit", Role.Editor, EditAsync);
        pages.Post(routes, "/targets/{id:long:min(1)}/edit", Role.Editor, PostEditAsync);
    }

    private async Task<PageAnswer> NewAsync(PageCall call)
    {
        if (call.Query.Text("type") is not { } type || catalog.Find(type) is not { } prober)
        {
            return Shown.Of<TypeChoicePage>(new TypeChoiceModel([.. catalog.All.OrderBy(one => one.Type, StringComparer.Ordinal).Select(one => (one.Type, one.Name))]));
        }

        return Shown.Of<TargetFormPage>(await DrawnAsync(prober, values: null, row: null, call.Aborted));
    }

    private async Task<PageAnswer> EditAsync(PageCall call)
    {
        if (await store.FindTargetAsync(call.Id, call.Aborted) is not { } row)
        {
            return new Refused(TargetEdits.Missing);
        }

        if (catalog.Find(row.Target.Settings.Type) is not { } prober)
        {
            return new Refused(UnknownType(row.Target.Settings.Type));
        }

        return Shown.Of<TargetFormPage>(await DrawnAsync(prober, JsonSerializer.SerializeToElement(TargetJson.Sendable(row.Target.Settings)), row, call.Aborted));
    }

    private async Task<PageAnswer> PostEditAsync(PageCall call) =>
        await store.FindTargetAsync(call.Id, call.Aborted) is { } row ? await PostAsync(call, row) : new Refused(TargetEdits.Missing);

    private async Task<PageAnswer> PostAsync(PageCall call, TargetRow? stored)
    {
        var type = stored?.Target.Settings.Type ?? call.Text("type");
        if (catalog.Find(type) is not { } prober)
        {
            return new Refused(UnknownType(type));
        }

        var model = await ReadAsync(call, prober, stored);
        return call.Text("do") == "try" ? await TryAsync(call, model) : await SaveAsync(call, model);
    }

    private async Task<PageAnswer> TryAsync(PageCall call, TargetFormModel model)
    {
        var body = new JsonObject { ["type"] = model.Type, ["config"] = forms.Json(model.Config) };
        if (forms.Json(model.Timing)["timeout_seconds"] is { } timeout)
        {
            body["timeout_seconds"] = timeout.DeepClone();
        }

        if (model.TargetId is { } id)
        {
            body["target_id"] = id;
        }

        var ran = await dryRuns.RunAsync(JsonSerializer.SerializeToElement(body, ConfigReader.Readable), call.Aborted);
        return ran.Refused(out var refusal, out var result)
            ? Wrong(model, refusal)
            : Shown.Of<TargetFormPage>(model with { Tried = result });
    }

    private async Task<PageAnswer> SaveAsync(PageCall call, TargetFormModel model)
    {
        var body = new JsonObject { ["type"] = model.Type, ["config"] = forms.Json(model.Config) };
        foreach (var (name, value) in forms.Json(model.Basics).Concat(forms.Json(model.Timing)).ToArray())
        {
            body[name] = value?.DeepClone();
        }

        if (!model.TellsDefault)
        {
            body["notify_channel_ids"] = new JsonArray([.. model.ChannelIds.Select(id => (JsonNode)id)]);
        }

        var element = JsonSerializer.SerializeToElement(body, ConfigReader.Readable);
        var now = time.GetUtcNow();
        var saved = model.TargetId is { } target
            ? await edits.ChangeAsync(target, element, isPatch: false, Expectation.Exactly(model.Revision), call.Edit(now), call.Aborted)
            : await edits.CreateAsync(element, call.EditOnce(now), call.Aborted);
        return saved.Refused(out var refusal, out var row)
            ? Wrong(model, refusal)
            : new GoTo($"/targets/{row.Target.Id.ToString(CultureInfo.InvariantCulture)}?saved=1");
    }

    /// <summary>The form again, as it was typed, with each error at its field.</summary>
    private static Shown Wrong(TargetFormModel model, Problem refusal)
    {
        var rest = SchemaForm.Place(model.All, refusal.Errors);
        return Shown.Of<TargetFormPage>(model with { Rest = rest, Problem = refusal.Errors.Count > 0 ? null : refusal.Detail }, refusal.Status);
    }

    private async Task<TargetFormModel> DrawnAsync(IProber prober, JsonElement? values, TargetRow? row, CancellationToken cancellationToken)
    {
        var settings = row?.Target.Settings;
        var config = values is { } all && all.TryGetProperty("config", out var given) ? given : (JsonElement?)null;
        return await WithListsAsync(new TargetFormModel
        {
            Type = prober.Type,
            TypeName = prober.Name,
            TargetId = row?.Target.Id,
            Name = settings?.Name ?? "",
            Revision = row?.Target.Revision ?? 0,
            Basics = forms.Draw(Fields(Basics), "", values),
            Timing = forms.Draw(Fields(Timing), "", values),
            Config = forms.Draw(prober.Schema.Fields, ConfigReader.Path, config),
            TellsDefault = settings is null,
            ChannelIds = settings?.ChannelIds ?? [],
            Channels = [],
            Groups = [],
            Once = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
        }, cancellationToken);
    }

    private async Task<TargetFormModel> ReadAsync(PageCall call, IProber prober, TargetRow? stored) => await WithListsAsync(
        new TargetFormModel
        {
            Type = prober.Type,
            TypeName = prober.Name,
            TargetId = stored?.Target.Id,
            Name = stored?.Target.Settings.Name ?? "",
            Revision = long.TryParse(call.Text("revision"), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0,
            Basics = forms.Read(Fields(Basics), "", call.Form),
            Timing = forms.Read(Fields(Timing), "", call.Form),
            Config = forms.Read(prober.Schema.Fields, ConfigReader.Path, call.Form),
            TellsDefault = call.Text("tell") != "these",
            ChannelIds = [.. call.Form["channel"].Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).Distinct()],
            Channels = [],
            Groups = [],
            Once = call.Text("_once"),
        },
        call.Aborted);

    private async Task<TargetFormModel> WithListsAsync(TargetFormModel model, CancellationToken cancellationToken) => model with
    {
        Channels = (await store.ListChannelsAsync(new ChannelQuery(MaxChannels), cancellationToken)).Items,
        Groups = board.Latest.Groups,
    };

    private IEnumerable<Field> Fields(IEnumerable<string> names) => names.Select(name => reader.Schema.Find(name)!);

    private static Problem UnknownType(string type) => new(
        StatusCodes.Status404NotFound, new Core.Text.LocalizedText($"this version has no prober '{type}'", $"此版本没有探测器“{type}”"));
}
