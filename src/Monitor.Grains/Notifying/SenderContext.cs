using Microsoft.Extensions.Logging;
using Monitor.Grains.Notifying.WeCom;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>What all senders of a notifier share.</summary>
/// <param name="Gate">Guards router and desks.</param>
/// <param name="Stopping">Nothing new is begun.</param>
/// <param name="Abort">Nothing is waited for any more.</param>
/// <param name="Scope">Claims carry its fence, and nothing is posted once it is gone.</param>
internal sealed record SenderContext(
    Lock Gate, DeliveryRouter Router, RobotScope Scope, IRecordWriter Writer, WeComRobot Robot, TimeProvider Time, ILogger Logger, CancellationToken Stopping, CancellationToken Abort)
{
    public Moment Now => Moment.Of(Time);
}
