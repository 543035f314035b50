using Monitor.Core.Alerts;
using Monitor.Core.Diagnostics;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.CrashHost;

/// <summary>Tells by a step's subject on whose way it lies: that of a firing, that of a recovery, or neither.</summary>
internal sealed class WayFinder
{
    /// <summary>Every target of the matrix fires at its third failure.</summary>
    private const int Threshold = 3;

    private readonly Dictionary<long, int> _failures = [];

    public CrashWay Of(string step, object? subject) => subject switch
    {
        CheckRecord run when step == SiloEvents.ProbeEnded => OfRun(run),
        HealthStep decided => Of(decided.Effects),
        IEnumerable<HealthEffect> effects => Of(effects),
        StateWrite write => OfKinds(write.Deliveries),
        CommitBatch batch => OfKinds(batch.States.SelectMany(state => state.Deliveries)),
        DeliveryWrite write => OfKinds(write.Deliveries),
        IEnumerable<OpenDelivery> open => OfKinds(open.Select(one => one.Delivery)),
        IEnumerable<Delivery> deliveries => OfKinds(deliveries),
        _ => throw new NotSupportedException($"{step} is about a {subject?.GetType().FullName ?? "nothing"}, which the crash host cannot place"),
    };

    /// <summary>The run that will fire or resolve: nobody has decided yet, so it is counted here.</summary>
    private CrashWay OfRun(CheckRecord run)
    {
        var before = _failures.GetValueOrDefault(run.TargetId);
        switch (run.Outcome)
        {
            case ProbeOutcome.Failed:
                _failures[run.TargetId] = before + 1;
                return before + 1 == Threshold ? CrashWay.Firing : CrashWay.Any;
            case ProbeOutcome.Ok:
                _failures[run.TargetId] = 0;
                return before >= Threshold ? CrashWay.Resolved : CrashWay.Any;
            default:
                return CrashWay.Any;
        }
    }

    private static CrashWay Of(IEnumerable<HealthEffect> effects)
    {
        var all = effects.ToArray();
        return all.Any(effect => effect is HealthEffect.Fired) ? CrashWay.Firing
            : all.Any(effect => effect is HealthEffect.Resolved) ? CrashWay.Resolved
            : CrashWay.Any;
    }

    private static CrashWay OfKinds(IEnumerable<Delivery> deliveries)
    {
        var kinds = deliveries.Select(delivery => delivery.Key.Kind).ToArray();
        return kinds.Contains(DeliveryKind.Firing) ? CrashWay.Firing
            : kinds.Contains(DeliveryKind.Resolved) ? CrashWay.Resolved
            : CrashWay.Any;
    }
}
