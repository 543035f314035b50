using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Notifying;

internal sealed partial class RobotSender
{
    private void LogVerdict(PostVerdict verdict, int notices)
    {
        if (verdict.Outcome == PostOutcome.Ok)
        {
            LogSent(context.Logger, desk.Key, notices);
            if (verdict.ErrMsg?.Contains("wrong json format", StringComparison.OrdinalIgnoreCase) == true)
            {
                LogWrongJson(context.Logger, desk.Key, verdict.ErrMsg);
            }
        }
        else
        {
            LogNotSent(context.Logger, desk.Key, notices, verdict.Metric, verdict.Said);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Robot {Robot}: sent a message with {Notices} notices.")]
    private static partial void LogSent(ILogger logger, string robot, int notices);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Robot {Robot}: a message with {Notices} notices was not sent ({Outcome}): {Said}")]
    private static partial void LogNotSent(ILogger logger, string robot, int notices, string outcome, string said);

    [LoggerMessage(Level = LogLevel.Error, Message = "Robot {Robot} took a message only in part, which is a defect of its body: {Said}")]
    private static partial void LogWrongJson(ILogger logger, string robot, string said);

    [LoggerMessage(Level = LogLevel.Information, Message = "Robot {Robot} belongs to another silo now: {Deliveries} deliveries are left to it.")]
    private static partial void LogLost(ILogger logger, string robot, int deliveries);

    [LoggerMessage(Level = LogLevel.Information, Message = "Robot {Robot} waits: it is not certain at this moment that its shard is this silo's.")]
    private static partial void LogNotHeld(ILogger logger, string robot);

    [LoggerMessage(Level = LogLevel.Error, Message = "The sender of robot {Robot} met a defect and goes on.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string robot);

    [LoggerMessage(Level = LogLevel.Error, Message = "What became of {Deliveries} deliveries could not be written; those that were sent go again after the next start.")]
    private static partial void LogNotMarked(ILogger logger, Exception? exception, int deliveries);
}
