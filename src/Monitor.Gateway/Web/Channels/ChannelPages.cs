using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Channels;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Web.Forms;
using Monitor.Gateway.Web.Serving;

namespace Monitor.Gateway.Web.Channels;

/// <summary>Who is told: list, make, edit, delete, test.</summary>
internal sealed class ChannelPages(ITargetStore store, ChannelEdits edits, SchemaForm forms, TimeProvider time)
{
    private const int MaxChannels = 500;

    private static readonly IReadOnlyList<Field> Fields = [.. ChannelFields.Schema.Fields.Where(field => !field.ReadOnly && field.Name != "type")];

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/channels", Role.Viewer, ListAsync);
        pages.Get(routes, "/channels/new", Role.Editor, _ => Task.FromResult<PageAnswer>(Shown.Of<ChannelFormPage>(Drawn(null))));
        pages.Post(routes, "/channels/new", Role.Editor, call => PostAsync(call, null));
        pages.Get(routes, "/channels/{id:long:min(1)}/edit", Role.Editor, EditAsync);
        pages.Post(routes, "/channels/{id:long:min(1)}/edit", Role.Editor, PostEditAsync);
        pages.Post(routes, "/channels/{id:long:min(1)}/delete", Role.Editor, DeleteAsync);
        pages.Post(routes, "/channels/{id:long:min(1)}/test", Role.Editor, TestAsync);
    }

    private async Task<PageAnswer> ListAsync(PageCall call) =>
        Shown.Of<ChannelListPage>(new ChannelListModel(await ChannelsAsync(call.Aborted), IsSaved: call.Query.Text("saved") is not null));

    private async Task<PageAnswer> EditAsync(PageCall call) =>
        await store.FindChannelAsync(call.Id, call.Aborted) is { } channel ? Shown.Of<ChannelFormPage>(Drawn(channel)) : new Refused(ChannelEdits.Missing);

    private async Task<PageAnswer> PostEditAsync(PageCall call) =>
        await store.FindChannelAsync(call.Id, call.Aborted) is { } channel ? await PostAsync(call, channel) : new Refused(ChannelEdits.Missing);

    private async Task<PageAnswer> PostAsync(PageCall call, Channel? stored)
    {
        var revision = long.TryParse(call.Text("revision"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        var model = new ChannelFormModel(stored?.Id, stored?.Settings.Name ?? "", revision, forms.Read(Fields, "", call.Form), call.Text("_once"));
        var body = JsonSerializer.SerializeToElement(forms.Json(model.Nodes), ConfigReader.Readable);
        var now = time.GetUtcNow();
        var saved = stored is null
            ? await edits.CreateAsync(body, call.EditOnce(now))
            : await edits.ChangeAsync(stored.Id, body, isPatch: false, Expectation.Exactly(revision), call.Edit(now), call.Aborted);
        if (saved.Refused(out var refusal, out _))
        {
            var rest = SchemaForm.Place(model.Nodes, refusal.Errors);
            return Shown.Of<ChannelFormPage>(model with { Rest = rest, Problem = refusal.Errors.Count > 0 ? null : refusal.Detail }, refusal.Status);
        }

        return new GoTo("/channels?saved=1");
    }

    private async Task<PageAnswer> DeleteAsync(PageCall call) =>
        await edits.DeleteAsync(call.Id, Expectation.Any, call.Edit(time.GetUtcNow()), call.Aborted) is { } refusal ? new Refused(refusal) : new GoTo("/channels");

    private async Task<PageAnswer> TestAsync(PageCall call)
    {
        var refused = (await edits.TestAsync(call.Id, call.Aborted)).Refused(out var refusal, out var test);
        if (refused && refusal!.Status == 404)
        {
            return new Refused(refusal);
        }

        return Shown.Of<ChannelListPage>(new ChannelListModel(await ChannelsAsync(call.Aborted), call.Id, test, refusal?.Detail), refusal?.Status ?? 200);
    }

    private async Task<IReadOnlyList<Channel>> ChannelsAsync(CancellationToken cancellationToken) =>
        (await store.ListChannelsAsync(new ChannelQuery(MaxChannels), cancellationToken)).Items;

    private ChannelFormModel Drawn(Channel? channel)
    {
        var values = channel is null ? (JsonElement?)null : JsonSerializer.SerializeToElement(ChannelJson.Sendable(channel.Settings));
        return new ChannelFormModel(
            channel?.Id, channel?.Settings.Name ?? "", channel?.Revision ?? 0, forms.Draw(Fields, "", values), Guid.CreateVersion7(time.GetUtcNow()).ToString("N"));
    }
}
