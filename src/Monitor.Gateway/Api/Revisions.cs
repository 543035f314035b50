using System.Globalization;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>If-Match, and edits that start again when somebody else was faster and the client did not mind.</summary>
internal static class Revisions
{
    private const int Tries = 20;

    public static readonly Problem Lost = new(StatusCodes.Status412PreconditionFailed, new LocalizedText(
        "it has been changed meanwhile: read it again", "内容已被他人修改：请重新读取"));

    private static readonly Problem Contended = new(StatusCodes.Status503ServiceUnavailable, new LocalizedText(
        "it is being changed too often just now", "修改过于频繁，请稍后重试"))
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    /// <summary>Whether the client asked for one revision at all: <c>*</c> and no header are any.</summary>
    public static bool Pinned(this ApiCall call) => call.IfMatch.Any(header => header?.Trim() != "*");

    public static bool Accepts(this ApiCall call, long revision)
    {
        if (!call.Pinned())
        {
            return true;
        }

        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");
        return call.IfMatch.Any(header => header is not null && header.Split(',', StringSplitOptions.TrimEntries).Contains(tag, StringComparer.Ordinal));
    }

    /// <summary>Runs a read-change-write until it meets no race; with If-Match a race is the client's.</summary>
    /// <param name="attempt">One try; null when the revision was lost.</param>
    public static async Task<ApiAnswer> EditAsync(this ApiCall call, Func<Task<ApiAnswer?>> attempt)
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            if (await attempt() is { } answer)
            {
                return answer;
            }

            if (call.Pinned())
            {
                return Lost;
            }
        }

        return Contended;
    }

    /// <summary>What an edit that was not made answers.</summary>
    public static Problem Refusal<T>(EditOutcome<T> outcome, Problem missing)
        where T : class => outcome.Problem switch
        {
            EditProblem.NotFound => missing,
            EditProblem.RevisionLost => Lost,
            EditProblem.ExternalIdTaken => new Problem(StatusCodes.Status409Conflict, new LocalizedText(
                "another target has this external_id", "external_id 已被其他目标使用"))
            {
                Errors = [Core.Schemas.FieldError.At("external_id", "is taken by another target", "已被其他目标使用")],
            },
            EditProblem.UnknownChannel => Problem.Invalid([Targets.TargetReader.UnknownChannels(outcome.Ids)]),
            EditProblem.IdempotencyMismatch => new Problem(StatusCodes.Status422UnprocessableEntity, new LocalizedText(
                "this Idempotency-Key was used with another request", "该 Idempotency-Key 已用于另一请求")),
            EditProblem.Replayed => new Problem(StatusCodes.Status410Gone, new LocalizedText(
                "what this Idempotency-Key made is gone", "该 Idempotency-Key 所创建的内容已不存在")),
            _ => throw new InvalidOperationException($"an edit ended as {outcome.Problem}"),
        };
}
