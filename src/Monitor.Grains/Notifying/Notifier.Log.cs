using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Notifying;

public sealed partial class Notifier
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Took over {Deliveries} open deliveries and {Sends} recent sends.")]
    private static partial void LogLoaded(ILogger logger, int deliveries, int sends);

    [LoggerMessage(Level = LogLevel.Error, Message = "Channels or open deliveries could not be read; tried again in a second.")]
    private static partial void LogNotLoaded(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The outcome of {Deliveries} deliveries could not be written.")]
    private static partial void LogNotRecorded(ILogger logger, Exception? exception, int deliveries);
}
