using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;

namespace Monitor.Grains.Writing;

public sealed partial class RecordWriter
{
    [LoggerMessage(Level = LogLevel.Error, Message = "store: away: {Reason}; probing and telling go on, records are kept until it is back")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: back; it had been away since {Since:O}; {Records} records of that time are in it now")]
    private partial void LogBack(DateTimeOffset since, int records);

    [LoggerMessage(Level = LogLevel.Warning, Message = "journal: {Records} records of an earlier run are in the store now; {Lost} states among them were there already or no longer fit")]
    private partial void LogReplayed(int records, int lost);

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: a file of an earlier run cannot be read and is set aside; what it holds is not in the store")]
    private partial void LogLeftoverUnreadable(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "store: the kept state of target {TargetId} does not fit what is stored ({Outcome}); its owner reads it again at its next write")]
    private partial void LogKeptLost(long targetId, StateOutcome outcome);

    [LoggerMessage(Level = LogLevel.Error, Message = "store: a commit failed in a way that it should not")]
    private partial void LogCommitFailed(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "writer: a turn failed; the next one follows")]
    private partial void LogTurnFailed(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "writer: could not finish before the stop; a journal or store hangs")]
    private partial void LogStopCutShort();

    [LoggerMessage(Level = LogLevel.Critical, Message = "writer: {Records} records are lost with this stop: neither store nor journal takes them")]
    private partial void LogLost(int records);

    [LoggerMessage(Level = LogLevel.Warning, Message = "writer: {Records} records are left in the journal for the next start")]
    private partial void LogLeftInJournal(int records);
}
