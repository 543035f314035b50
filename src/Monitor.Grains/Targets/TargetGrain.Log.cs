using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Targets;

/// <summary>The logger is handed in: a field more in each of ten thousand targets is not worth it.</summary>
public sealed partial class TargetGrain
{
    [LoggerMessage(Level = LogLevel.Error, Message = "A turn of target {TargetId} broke; it keeps its next turn")]
    private static partial void LogTurnFailed(ILogger logger, Exception error, long targetId);

    [LoggerMessage(Level = LogLevel.Error, Message = "It is unknown whether a decision on target {TargetId} was stored; its state is read again")]
    private static partial void LogWriteUnknown(ILogger logger, Exception error, long targetId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A decision on target {TargetId} could not be stored; the next result decides anew")]
    private static partial void LogNotStored(ILogger logger, long targetId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of target {TargetId} could not be read again: {Reason}")]
    private static partial void LogNotRead(ILogger logger, long targetId, string reason);
}
