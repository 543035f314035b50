using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>What was found, as it is found.</summary>
internal sealed class Verdict
{
    private const int MostWarnings = 30;

    /// <summary>What is broken; their first stage is the failure's.</summary>
    public List<WireFault> Failures { get; } = [];

    public List<string> Warnings { get; } = [];
    public List<string> Notes { get; } = [];
    public List<Metric> Metrics { get; } = new(16);

    /// <summary>Null keeps what there was.</summary>
    public ReadOnlyMemory<byte>? Memory { get; set; }

    public void Fail(string message) => Failures.Add(new WireFault(FailureStage.Assertion, message));

    public void Warn(string message)
    {
        if (Warnings.Count < MostWarnings && !Warnings.Contains(message))
        {
            Warnings.Add(message);
        }
    }

    public void Note(string message)
    {
        if (Notes.Count < MostWarnings && !Notes.Contains(message))
        {
            Notes.Add(message);
        }
    }

    public void Add(string name, double? value)
    {
        if (value is { } number)
        {
            Metrics.Add(new Metric(name, number));
        }
    }

    public void Add(string name, string? value)
    {
        if (value is not null)
        {
            Metrics.Add(new Metric(name, value));
        }
    }

    public ProbeResult ToResult(ProbeRun run)
    {
        var took = run.Elapsed;
        if (Failures.Count > 0)
        {
            var fault = Failures[0] with { Message = string.Join("; ", Failures.Select(failure => failure.Message)) };
            return run.Failed(fault, Metrics) with { Notes = Notes, Memory = Memory };
        }

        return ProbeResult.Ok(run.Metrics(Metrics), run.Warnings.Count == 0 ? Warnings : [.. run.Warnings.Union(Warnings, StringComparer.Ordinal)], Notes) with
        {
            Latency = took,
            Memory = Memory,
        };
    }
}
