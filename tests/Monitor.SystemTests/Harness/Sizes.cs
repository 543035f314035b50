namespace Monitor.SystemTests.Harness;

/// <summary>How large the cluster scenarios are: what two cores bear beside other tests, or with <c>MONITOR_SCENARIOS=whole</c> as large as they were meant to be.</summary>
internal static class Sizes
{
    private static readonly bool Whole = Environment.GetEnvironmentVariable("MONITOR_SCENARIOS") == "whole";

    /// <summary>Watched once a second while a silo dies or stands still.</summary>
    public static int Sites => Whole ? 3000 : 300;

    /// <summary>How long a silo stands still.</summary>
    public static TimeSpan Frozen => TimeSpan.FromSeconds(Whole ? 60 : 15);

    /// <summary>How long the store is away.</summary>
    public static TimeSpan StoreAway => TimeSpan.FromSeconds(Whole ? 120 : 30);
}
