using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Words for what several brokers, or one broker of several, came to.</summary>
internal static class Faults
{
    /// <summary>With its stage before it, for use inside another text.</summary>
    public static string Worded(WireFault fault) => fault.Stage is { } stage ? $"{stage.Name()}: {fault.Message}" : fault.Message;

    /// <summary>One fault of several places. A refused login outranks a dead broker: it is what the others would say, too. Our own trouble is the verdict only where it is all there is.</summary>
    public static WireFault Together(string what, IReadOnlyList<(string Place, WireFault Fault)> faults)
    {
        if (faults.Count == 1)
        {
            return faults[0].Fault;
        }

        var worst = faults.FirstOrDefault(one => one.Fault.Stage == FailureStage.Authentication).Fault ?? faults.FirstOrDefault(one => one.Fault.Stage is not null).Fault;
        return new WireFault(worst?.Stage, $"{what} ({Findings.List(faults, one => $"{one.Place}: {Worded(one.Fault)}")})");
    }

    public static WireFault About(string what, WireFault fault) => fault with { Message = $"{what}: {fault.Message}" };
}
