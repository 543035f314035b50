using Monitor.Core.Diagnostics;

namespace Monitor.SystemTests.Crash;

/// <summary>A step between a check and the mark on its delivery, at which a silo may die.</summary>
/// <param name="Name">Of its event.</param>
/// <param name="MayRepeat">It lies between a POST's body and its mark: the notice can have arrived without a mark that it has.</param>
internal sealed record CrashStep(string Name, bool MayRepeat, string Meaning)
{
    /// <summary>In the order in which an alert meets them.</summary>
    public static readonly IReadOnlyList<CrashStep> All =
    [
        new(SiloEvents.ProbeEnded, false, "the deciding probe has ended"),
        new(SiloEvents.Decided, false, "the health machine has decided, nothing is stored"),
        new(SiloEvents.CommitStarting, false, "the transition is about to be stored"),
        new(SiloEvents.CommitDone, false, "state, alert record and deliveries are stored"),
        new(SiloEvents.DeliveryClaiming, false, "the delivery is about to be claimed"),
        new(SiloEvents.DeliveryClaimed, false, "the claim is stored"),
        new(SiloEvents.PostStarting, false, "the POST is about to begin"),
        new(SiloEvents.PostSent, true, "the POST's body is written"),
        new(SiloEvents.PostAnswered, true, "the robot has answered"),
        new(SiloEvents.DeliveryMarking, true, "the delivery is about to be marked"),
        new(SiloEvents.DeliveryMarked, false, "the mark is stored"),
    ];
}
