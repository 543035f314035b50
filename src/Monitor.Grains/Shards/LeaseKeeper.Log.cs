using Microsoft.Extensions.Logging;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

public sealed partial class LeaseKeeper
{
    private LeaseStanding _told;

    /// <summary>What has changed between two steps and a person should know.</summary>
    private void Tell(LeaseState before, LeaseState after)
    {
        if (before.Silo != after.Silo)
        {
            if (after.Silo == 0)
            {
                LogMarkedDead(before.Silo);
            }
            else
            {
                LogRegistered(after.Silo);
            }
        }

        if (before.Timeline != after.Timeline && before.Timeline != 0)
        {
            LogPromoted(before.Timeline, after.Timeline);
        }

        if (before.Reach != after.Reach)
        {
            LogReach(after.Reach);
        }

        var standing = after.Standing(_clock.Now);
        if (standing != _told)
        {
            _told = standing;
            if (standing == LeaseStanding.Held)
            {
                LogHeld(after.Held.Count);
            }
            else
            {
                LogLapsed(after.Held.Count, standing);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This silo has row {Silo} in the cluster")]
    private partial void LogRegistered(long silo);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Row {Silo} of this silo was marked dead by others: everything is dropped, it comes back under a new one")]
    private partial void LogMarkedDead(long silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store is on timeline {After} instead of {Before}: a standby was promoted; shards are claimed anew")]
    private partial void LogPromoted(long before, long after);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What peers say of the store: {Reach}")]
    private partial void LogReach(StoreReach reach);

    [LoggerMessage(Level = LogLevel.Information, Message = "This silo has its lease, with {Shards} shards")]
    private partial void LogHeld(int shards);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The lease of this silo is over: nothing of its {Shards} shards is decided or told from here ({Standing})")]
    private partial void LogLapsed(int shards, LeaseStanding standing);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Shards} shards could not be begun; tried again")]
    private partial void LogNotBegun(Exception error, int shards);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Shards} shards could not be let go in order; they were dropped")]
    private partial void LogNotDrained(Exception error, int shards);
}
