using Microsoft.Extensions.Logging;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "a stored block of results cannot be read: {Reason}")]
    private partial void LogBadBlock(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "old results are in use just now and are dropped an hour later")]
    private partial void LogBusyPartition();
}
