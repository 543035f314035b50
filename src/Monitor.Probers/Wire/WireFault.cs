using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>Why a step failed: named by its stage, worded for people, without secrets.</summary>
/// <param name="Stage">Null: this monitor's own trouble, which says nothing about the target.</param>
public sealed record WireFault(FailureStage? Stage, string Message)
{
    public static WireFault Own(string reason) => new(null, reason);

    public static WireFault Protocol(string message) => new(FailureStage.Protocol, message);

    public ProbeResult ToResult(ProbeMetrics metrics, TimeSpan latency) =>
        (Stage is { } stage ? ProbeResult.Failed(stage, Message, metrics) : ProbeResult.OwnTrouble(Message)) with { Latency = latency };
}

/// <summary>What a step came to: its value, or why there is none.</summary>
public readonly record struct Outcome<T>(T? Value, WireFault? Fault)
    where T : class
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(WireFault fault) => new(null, fault);
}
