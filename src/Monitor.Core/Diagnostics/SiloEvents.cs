using System.Diagnostics;

namespace Monitor.Core.Diagnostics;

/// <summary>
/// The named steps of a check's way, published for whoever listens (tests, tracing). In the order in which one alert meets them.
/// Costs one branch while nobody listens.
/// </summary>
public static class SiloEvents
{
    public const string ListenerName = "Monitor.Silo";

    public const string ProbeEnded = "probe.ended";
    public const string Decided = "health.decided";
    public const string CommitStarting = "commit.starting";
    public const string CommitDone = "commit.done";
    public const string DeliveryClaiming = "delivery.claiming";
    public const string DeliveryClaimed = "delivery.claimed";
    public const string PostStarting = "post.starting";
    public const string PostSent = "post.sent";
    public const string PostAnswered = "post.answered";
    public const string DeliveryMarking = "delivery.marking";
    public const string DeliveryMarked = "delivery.marked";

    public static readonly DiagnosticListener Source = new(ListenerName);

    /// <summary>Publishes a step. <paramref name="subject"/> is the domain object that it is about (a check record, a state write, deliveries).</summary>
    public static void Publish(string step, object? subject)
    {
        if (Source.IsEnabled())
        {
            Source.Write(step, subject);
        }
    }
}
