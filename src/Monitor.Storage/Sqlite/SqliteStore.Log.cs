using Microsoft.Extensions.Logging;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "a stored block of results cannot be read: {Reason}")]
    private partial void LogBadBlock(string reason);
}
