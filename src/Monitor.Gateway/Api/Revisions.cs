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

    /// <summary>What If-Match says: <c>*</c> and no header are any revision.</summary>
    public static Expectation Expected(this ApiCall call) => call.IfMatch.Any(header => header?.Trim() != "*")
        ? new Expectation(revision => Names(call, revision))
        : Expectation.Any;

    /// <summary>Runs a read-change-write until it meets no race; where a revision was asked for, a race is the client's.</summary>
    /// <param name="attempt">One try; null when the revision was lost.</param>
    public static async Task<Reading<T>> EditAsync<T>(Expectation expected, Func<Task<Reading<T>?>> attempt)
        where T : class
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            if (await attempt() is { } done)
            {
                return done;
            }

            if (expected.IsPinned)
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

    private static bool Names(ApiCall call, long revision)
    {
        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");
        return call.IfMatch.Any(header => header is not null && header.Split(',', StringSplitOptions.TrimEntries).Contains(tag, StringComparer.Ordinal));
    }
}

/// <summary>Which revision an edit is meant for.</summary>
/// <param name="fits">Null: whatever it is.</param>
internal sealed class Expectation(Func<long, bool>? fits)
{
    public static readonly Expectation Any = new(null);

    /// <summary>One revision was asked for at all.</summary>
    public bool IsPinned => fits is not null;

    public static Expectation Exactly(long revision) => new(given => given == revision);

    public bool Accepts(long revision) => fits?.Invoke(revision) ?? true;
}
