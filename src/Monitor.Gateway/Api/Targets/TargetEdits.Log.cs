using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Api.Targets;

internal sealed partial class TargetEdits
{
    [LoggerMessage(Level = LogLevel.Error, Message = "target {Id} was edited, but its owner has not taken that up")]
    private partial void LogOwnerNotTold(Exception e, long id);
}
