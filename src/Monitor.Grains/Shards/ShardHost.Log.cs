using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Shards;

public sealed partial class ShardHost
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Running {Shards} shards with {Targets} targets")]
    private partial void LogRunning(int shards, int targets);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Shard {Shard} (epoch {Epoch}) was taken by another: its targets stop here")]
    private partial void LogLost(int shard, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Shards} shards stop here: they are another's, or go on under a new fence")]
    private partial void LogDropped(int shards);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An edit of target {TargetId} is taken up later: {Reason}")]
    private partial void LogEditOwed(long targetId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Target {TargetId} did not come up as it should; it is tried again")]
    private partial void LogNotOpened(Exception error, long targetId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Stopping did not go as it should")]
    private partial void LogStopTrouble(Exception error);
}
