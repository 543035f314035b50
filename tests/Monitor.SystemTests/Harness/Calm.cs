namespace Monitor.SystemTests.Harness;

/// <summary>
/// Tests of clusters: they mostly wait, and look at how punctual silos are. <c>tests/run</c> runs them after all others, a few side by side: one by one they took half of a run's time, and
/// beside browsers and rings of Cassandra they are late.
/// </summary>
internal static class Calm
{
    public const string Name = "pace";
    public const string Yes = "calm";
}
