using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Api.Channels;

/// <summary>Channels: list, read, create, replace, change, delete, test.</summary>
internal sealed partial class ChannelsApi(
    ITargetStore store, ITargetRuntime runtime, IChannelTester tester, TimeProvider time, ILogger<ChannelsApi> log)
{
    private const string ChannelList = "channels:id";

    private static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such channel", "渠道不存在"));

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
        await store.FindChannelAsync(call.Id, call.Aborted) is { } channel ? Answer(channel) : Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            if (call.Edit(time.GetUtcNow(), body).Refused(out refusal, out var edit)
                || ChannelJson.Read(body.Root, stored: null).Refused(out refusal, out var settings))
            {
                return refusal;
            }

            var outcome = await store.CreateChannelAsync(settings, edit, CancellationToken.None);
            if (outcome.Value is not { } channel)
            {
                return Revisions.Refusal(outcome, Missing);
            }

            await TellSendersAsync(channel.Id);
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
            return await call.EditAsync(() => TryChangeAsync(call, body.Root, isPatch));
        }
    }

    /// <summary>Null when somebody else was faster.</summary>
    private async Task<ApiAnswer?> TryChangeAsync(ApiCall call, JsonElement body, bool isPatch)
    {
        if (await store.FindChannelAsync(call.Id, call.Aborted) is not { } present)
        {
            return Missing;
        }

        if (!call.Accepts(present.Revision))
        {
            return Revisions.Lost;
        }

        var sent = isPatch
            ? JsonSerializer.SerializeToElement(MergePatch.Apply(ChannelJson.Sendable(present.Settings), body), ConfigReader.Readable)
            : body;
        if (ChannelJson.Read(sent, present.Settings).Refused(out var refusal, out var settings))
        {
            return refusal;
        }

        var outcome = await store.UpdateChannelAsync(call.Id, present.Revision, settings, call.Edit(time.GetUtcNow()), CancellationToken.None);
        if (outcome.Problem == EditProblem.RevisionLost)
        {
            return null;
        }

        if (outcome.Value is not { } channel)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellSendersAsync(channel.Id);
        return Answer(channel);
    }

    private async Task<ApiAnswer> DeleteAsync(ApiCall call)
    {
        if (await store.FindChannelAsync(call.Id, call.Aborted) is not { } present)
        {
            return Missing;
        }

        if (!call.Accepts(present.Revision))
        {
            return Revisions.Lost;
        }

        long? expected = call.Pinned() ? present.Revision : null;
        var outcome = await store.DeleteChannelAsync(call.Id, expected, call.Edit(time.GetUtcNow()), CancellationToken.None);
        switch (outcome.Problem)
        {
            case EditProblem.None:
                await TellSendersAsync(call.Id);
                return NoContent.Instance;
            case EditProblem.InUse:
                var detail = new LocalizedText(
                    $"{outcome.Ids.Count} targets use this channel; take it from them first: target_ids", $"{outcome.Ids.Count} 个目标正在使用此渠道，请先移除：target_ids");
                return new Problem(StatusCodes.Status409Conflict, detail) { TargetIds = outcome.Ids };
            default:
                return Revisions.Refusal(outcome, Missing);
        }
    }

    private async Task<ApiAnswer> TestAsync(ApiCall call)
    {
        if (await store.FindChannelAsync(call.Id, call.Aborted) is null)
        {
            return Missing;
        }

        var test = await tester.TestAsync(call.Id, call.Aborted);
        if (test is { Sent: false, RetryAfter: { } wait })
        {
            var detail = new LocalizedText("this robot's 20 messages a minute are used up; nothing was sent", "该机器人每分钟 20 条的额度已用完，未发送");
            return new Problem(StatusCodes.Status429TooManyRequests, detail) { RetryAfter = wait };
        }

        return new JsonAnswer(writer => ChannelJson.WriteTest(writer, test));
    }

    /// <summary>The edit is stored, whatever happens here.</summary>
    private async Task TellSendersAsync(long id)
    {
        try
        {
            await runtime.ChannelChangedAsync(id, CancellationToken.None);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogSendersNotTold(e, id);
        }
    }

    private static JsonAnswer Answer(Channel channel, int status = StatusCodes.Status200OK) =>
        new(writer => ChannelJson.Write(writer, channel), status)
        {
            Revision = channel.Revision,
            Location = status == StatusCodes.Status201Created ? "/api/v1/channels/" + channel.Id.ToString(CultureInfo.InvariantCulture) : null,
        };
}
