using System.Text.Json;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Edits of targets, for API and pages alike: judged, stored, and told to the owner.</summary>
internal sealed partial class TargetEdits(ITargetStore store, ITargetRuntime runtime, TargetReader reader, EditNews news, ILogger<TargetEdits> log)
{
    public static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such target", "目标不存在"));

    /// <summary>A new target of a client's body; for a repeated Idempotency-Key the one that was made first, as it is now.</summary>
    /// <param name="aborted">Ends the reading; what is being stored is stored, and must also reach the target's owner.</param>
    public async Task<Reading<TargetRow>> CreateAsync(JsonElement body, Edit edit, CancellationToken aborted)
    {
        if ((await reader.ReadAsync(body, stored: null, aborted)).Refused(out var refusal, out var settings))
        {
            return refusal;
        }

        var outcome = await (TargetReader.NamesChannels(body)
            ? store.CreateTargetAsync(settings, edit, CancellationToken.None)
            : store.CreateWithDefaultsAsync(settings, edit, CancellationToken.None));
        if (outcome.Value is not { } target)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellOwnerAsync(target.Id, outcome.Problem == EditProblem.None ? target : null);
        var replayed = outcome.Problem == EditProblem.Replayed ? await store.FindTargetAsync(target.Id, aborted) : null;
        return replayed ?? new TargetRow(target, null, null);
    }

    /// <summary>Replaces the settings by a client's body, or merges it into them.</summary>
    public Task<Reading<TargetRow>> ChangeAsync(long id, JsonElement body, bool isPatch, Expectation expected, Edit edit, CancellationToken aborted) =>
        ChangeAsync(id, stored => reader.ReadAsync(isPatch ? Merged(stored, body) : body, stored, aborted), expected, edit, aborted);

    /// <summary>A change that cannot be refused.</summary>
    public Task<Reading<TargetRow>> ChangeAsync(
        long id, Func<TargetSettings, TargetSettings> change, Expectation expected, Edit edit, CancellationToken aborted) =>
        ChangeAsync(id, stored => Task.FromResult<Reading<TargetSettings>>(change(stored)), expected, edit, aborted);

    /// <summary>Null when it is done.</summary>
    public async Task<Problem?> DeleteAsync(long id, Expectation expected, Edit edit, CancellationToken aborted)
    {
        long? revision = null;
        if (expected.IsPinned)
        {
            if (await store.FindTargetAsync(id, aborted) is not { } row)
            {
                return Missing;
            }

            if (!expected.Accepts(row.Target.Revision))
            {
                return Revisions.Lost;
            }

            revision = row.Target.Revision;
        }

        var outcome = await store.DeleteTargetAsync(id, revision, edit, CancellationToken.None);
        if (outcome.Problem != EditProblem.None)
        {
            return Revisions.Refusal(outcome, Missing);
        }

        await TellOwnerAsync(id);
        return null;
    }

    private Task<Reading<TargetRow>> ChangeAsync(
        long id, Func<TargetSettings, Task<Reading<TargetSettings>>> change, Expectation expected, Edit edit, CancellationToken aborted) =>
        Revisions.EditAsync<TargetRow>(expected, async () =>
        {
            if (await store.FindTargetAsync(id, aborted) is not { } row)
            {
                return Missing;
            }

            if (!expected.Accepts(row.Target.Revision))
            {
                return Revisions.Lost;
            }

            if ((await change(row.Target.Settings)).Refused(out var refusal, out var settings))
            {
                return refusal;
            }

            if (settings == row.Target.Settings)
            {
                return row;
            }

            var outcome = await store.UpdateTargetAsync(id, row.Target.Revision, settings, edit, CancellationToken.None);
            if (outcome.Problem == EditProblem.RevisionLost)
            {
                return null;
            }

            if (outcome.Value is not { } target)
            {
                return Revisions.Refusal(outcome, Missing);
            }

            await TellOwnerAsync(target.Id);
            return row with { Target = target };
        });

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
    /// <param name="made">As it was made just now; null: it was there before.</param>
    private async Task TellOwnerAsync(long id, Target? made = null)
    {
        news.Add(id);
        try
        {
            await (made is null ? runtime.TargetChangedAsync(id, CancellationToken.None) : runtime.TargetCreatedAsync(made, CancellationToken.None));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogOwnerNotTold(e, id);
        }
    }
}
