using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Scheduling;

public sealed partial class Scheduler
{
    [LoggerMessage(Level = LogLevel.Error, Message = "A turn could not be handed over; the target keeps its next turn")]
    private partial void LogTurnBroke(Exception error);
}
