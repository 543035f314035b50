namespace Monitor.Grains.Shards;

/// <summary>Whether this silo does its work: one whose loops stand still must let its shards go, however well it beats.</summary>
/// <param name="SchedulerAge">Since the scheduler's loop turned last; waiting is turning.</param>
/// <param name="WriterAge">The same of the record writer's.</param>
/// <param name="HasBacklog">Records of a time without the store have yet to be stored.</param>
public sealed record LeaseVitals(Func<TimeSpan> SchedulerAge, Func<TimeSpan> WriterAge, Func<bool> HasBacklog);
