using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Runtime;

public sealed partial class SilenceWatch
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Target {TargetId} has not been probed for two intervals")]
    private partial void LogSilent(long targetId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Target {TargetId} is probed again")]
    private partial void LogHeard(long targetId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not probed for two intervals: {Begun} targets more, {Ended} fewer, {Count} in all")]
    private partial void LogSummary(int begun, int ended, int count);
}
