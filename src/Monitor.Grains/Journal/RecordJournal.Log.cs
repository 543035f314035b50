using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Journal;

public sealed partial class RecordJournal
{
    [LoggerMessage(Level = LogLevel.Error, Message = "journal: the folder {Folder} cannot be read; what an earlier run may have left there is not in the store")]
    private partial void LogUnreadable(Exception e, string folder);

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: a record in {Segment} cannot be read and is left out: {Reason}")]
    private partial void LogUndecodable(string segment, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: {Segment} in {Folder} was damaged; what could be read of it is in the store, the file is kept as {Aside}")]
    private partial void LogDamaged(string segment, string folder, string aside);

    [LoggerMessage(Level = LogLevel.Warning, Message = "journal: {Segment} is in the store but could not be removed; it will be offered to the store again, which knows it")]
    private partial void LogNotReleased(Exception e, string segment);

    [LoggerMessage(Level = LogLevel.Warning, Message = "journal: full; {Dropped} of the oldest plain successes were given up")]
    private partial void LogShed(int dropped);
}
