using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Api.Channels;

/// <summary>Edits of channels, for API and pages alike: judged, stored, and told to the senders.</summary>
internal sealed partial class ChannelEdits(ITargetStore store, ITargetRuntime runtime, IChannelTester tester, ILogger<ChannelEdits> log)
{
    public static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such channel", "渠道不存在"));

    public async Task<Reading<Channel>> CreateAsync(JsonElement body, Edit edit)
    {
        if (ChannelJson.Read(body, stored: null).Refused(out var refusal, out var settings))
        {
            return refusal;
        }

        var outcome = await store.CreateChannelAsync(settings, edit, CancellationToken.None);
        if (outcome.Value is not { } channel)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellSendersAsync(channel.Id);
        return channel;
    }

    /// <summary>Replaces the settings by a client's body, or merges it into them.</summary>
    public Task<Reading<Channel>> ChangeAsync(long id, JsonElement body, bool isPatch, Expectation expected, Edit edit, CancellationToken aborted) =>
        Revisions.EditAsync<Channel>(expected, async () =>
        {
            if (await store.FindChannelAsync(id, aborted) is not { } present)
            {
                return Missing;
            }

            if (!expected.Accepts(present.Revision))
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

            var outcome = await store.UpdateChannelAsync(id, present.Revision, settings, edit, CancellationToken.None);
            if (outcome.Problem == EditProblem.RevisionLost)
            {
                return null;
            }

            if (outcome.Value is not { } channel)
            {
                return Revisions.Refusal(outcome, Missing);
            }

            await TellSendersAsync(channel.Id);
            return channel;
        });

    /// <summary>Null when it is done.</summary>
    public async Task<Problem?> DeleteAsync(long id, Expectation expected, Edit edit, CancellationToken aborted)
    {
        if (await store.FindChannelAsync(id, aborted) is not { } present)
        {
            return Missing;
        }

        if (!expected.Accepts(present.Revision))
        {
            return Revisions.Lost;
        }

        var outcome = await store.DeleteChannelAsync(id, expected.IsPinned ? present.Revision : null, edit, CancellationToken.None);
        switch (outcome.Problem)
        {
            case EditProblem.None:
                await TellSendersAsync(id);
                return null;
            case EditProblem.InUse:
                var detail = new LocalizedText(
                    $"{outcome.Ids.Count} targets use this channel; take it from them first: target_ids", $"{outcome.Ids.Count} 个目标正在使用此渠道，请先移除：target_ids");
                return new Problem(StatusCodes.Status409Conflict, detail) { TargetIds = outcome.Ids };
            default:
                return Revisions.Refusal(outcome, Missing);
        }
    }

    /// <summary>One test message through the robot's own queue; refused when its budget is used up.</summary>
    public async Task<Reading<ChannelTest>> TestAsync(long id, CancellationToken aborted)
    {
        if (await store.FindChannelAsync(id, aborted) is null)
        {
            return Missing;
        }

        var test = await tester.TestAsync(id, aborted);
        if (test is { Sent: false, RetryAfter: { } wait })
        {
            var detail = new LocalizedText("this robot's 20 messages a minute are used up; nothing was sent", "该机器人每分钟 20 条的额度已用完，未发送");
            return new Problem(StatusCodes.Status429TooManyRequests, detail) { RetryAfter = wait };
        }

        return test;
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
}
