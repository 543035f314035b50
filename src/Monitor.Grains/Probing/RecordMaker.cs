using System.Collections.Concurrent;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Runtime;

namespace Monitor.Grains.Probing;

/// <summary>Words a run and makes the record of it. What repeats from run to run is shared: ten thousand targets hold their last record each.</summary>
public sealed class RecordMaker(GrainsOptions options, SiloIdentity silo)
{
    private readonly ConcurrentDictionary<string, string> _up = new(StringComparer.Ordinal);
    private readonly TextPool _texts = new();

    public Language Language => options.Language;

    /// <param name="last">The target's last record; its lists are taken over where they are equal.</param>
    public CheckRecord Make(ProbeRun run, long targetId, IProber? prober, ProbeTrigger trigger, CheckRecord? last)
    {
        var outcome = Outcome(run);
        var result = run.Result;
        var warnings = outcome == ProbeOutcome.Ok ? Share(result.Warnings, last?.Warnings) : [];
        return new CheckRecord
        {
            TargetId = targetId,
            CheckedAt = run.CheckedAt == last?.CheckedAt ? run.CheckedAt.AddMicroseconds(1) : run.CheckedAt,
            Outcome = outcome,
            Stage = outcome == ProbeOutcome.Failed ? result.Stage : null,
            Latency = run.Latency,
            Message = Message(run, outcome, prober, warnings),
            Warnings = warnings,
            Notes = Share(result.Notes, last?.Notes),
            Metrics = Share(result.Metrics),
            Trigger = trigger,
            Silo = silo.Name,
            Zone = silo.Zone,
        };
    }

    private static ProbeOutcome Outcome(ProbeRun run) => run.Ending switch
    {
        ProbeEnding.Conclusive => run.Result.Outcome,
        ProbeEnding.Stalled or ProbeEnding.NoSlot => ProbeOutcome.Late,
        _ => ProbeOutcome.Skipped,
    };

    private string Message(ProbeRun run, ProbeOutcome outcome, IProber? prober, IReadOnlyList<string> warnings)
    {
        if (run.Ending == ProbeEnding.Stalled)
        {
            return ProbeTexts.Stalled.In(options.Language);
        }

        if (outcome != ProbeOutcome.Ok)
        {
            return _texts.Share(run.Result.Message ?? "");
        }

        return warnings.Count > 0
            ? _texts.Share(ProbeTexts.Warnings(warnings, options.Language))
            : prober is null ? "" : _up.GetOrAdd(prober.Type, static (_, given) => ProbeTexts.Up(given.prober.Name, given.Language), (prober, options.Language));
    }

    private IReadOnlyList<string> Share(IReadOnlyList<string> texts, IReadOnlyList<string>? last)
    {
        if (texts.Count == 0)
        {
            return [];
        }

        return last is not null && texts.SequenceEqual(last, StringComparer.Ordinal) ? last : [.. texts.Select(_texts.Share)];
    }

    private ProbeMetrics Share(ProbeMetrics metrics)
    {
        Metric[]? shared = null;
        for (var i = 0; i < metrics.Items.Count; i++)
        {
            var item = metrics.Items[i];
            if (item.Value.Text is { } text && _texts.Share(text) is var same && !ReferenceEquals(same, text))
            {
                shared ??= [.. metrics.Items];
                shared[i] = item with { Value = same };
            }
        }

        return shared is null ? metrics : new ProbeMetrics(shared);
    }
}
