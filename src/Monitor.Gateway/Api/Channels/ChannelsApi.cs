using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Api.Channels;

/// <summary>Channels: list, read, create, replace, change, delete, test.</summary>
internal sealed class ChannelsApi(ITargetStore store, ChannelEdits edits, TimeProvider time)
{
    private const string ChannelList = "channels:id";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOperation(ChannelOperations.List, ListAsync);
        routes.MapOperation(ChannelOperations.Create, CreateAsync);
        routes.MapOperation(ChannelOperations.Read, ReadAsync);
        routes.MapOperation(ChannelOperations.Replace, call => ChangeAsync(call, isPatch: false));
        routes.MapOperation(ChannelOperations.Patch, call => ChangeAsync(call, isPatch: true));
        routes.MapOperation(ChannelOperations.Delete, DeleteAsync);
        routes.MapOperation(ChannelOperations.Test, TestAsync);
    }

    private async Task<ApiAnswer> ListAsync(ApiCall call)
    {
        var query = new ChannelQuery(call.Query.Limit(), call.Query.Cursor(ChannelList));
        if (call.Query.Refused(out var refusal))
        {
            return refusal;
        }

        var read = await Pages.ReadAsync(query.After, () => store.ListChannelsAsync(query, call.Aborted));
        return read.Refused(out refusal!, out var page) ? refusal : Pages.Answer(ChannelList, page, ChannelJson.Write);
    }

    private async Task<ApiAnswer> ReadAsync(ApiCall call) =>
        await store.FindChannelAsync(call.Id, call.Aborted) is { } channel ? Answer(channel) : ChannelEdits.Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            if (call.Edit(time.GetUtcNow(), body).Refused(out refusal, out var edit)
                || (await edits.CreateAsync(body.Root, edit)).Refused(out refusal, out var channel))
            {
                return refusal;
            }

            return Answer(channel, StatusCodes.Status201Created);
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
            var edited = await edits.ChangeAsync(call.Id, body.Root, isPatch, call.Expected(), call.Edit(time.GetUtcNow()), call.Aborted);
            return edited.Refused(out refusal, out var channel) ? refusal : Answer(channel);
        }
    }

    private async Task<ApiAnswer> DeleteAsync(ApiCall call) =>
        (ApiAnswer?)await edits.DeleteAsync(call.Id, call.Expected(), call.Edit(time.GetUtcNow()), call.Aborted) ?? NoContent.Instance;

    private async Task<ApiAnswer> TestAsync(ApiCall call) =>
        (await edits.TestAsync(call.Id, call.Aborted)).Refused(out var refusal, out var test)
            ? refusal
            : new JsonAnswer(writer => ChannelJson.WriteTest(writer, test));

    private static JsonAnswer Answer(Channel channel, int status = StatusCodes.Status200OK) =>
        new(writer => ChannelJson.Write(writer, channel), status)
        {
            Revision = channel.Revision,
            Location = status == StatusCodes.Status201Created ? "/api/v1/channels/" + channel.Id.ToString(CultureInfo.InvariantCulture) : null,
        };
}
