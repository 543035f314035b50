namespace Monitor.Grains.Writing;

/// <summary>The writer's fixed measures.</summary>
internal static class WriterLimits
{
    /// <summary>Rows in one commit: a few tens of milliseconds, so that a transition never waits long behind it.</summary>
    public const int BatchRows = 5000;

    /// <summary>Plain results that memory holds while neither store nor journal takes them.</summary>
    public const int MemoryResults = 100_000;

    /// <summary>How long a plain result may wait for company; a second is promised, the rest is for the commit.</summary>
    public static readonly TimeSpan PlainAge = TimeSpan.FromMilliseconds(900);

    /// <summary>How long a failure that changed nothing, or the mark behind a POST, may wait for company.</summary>
    public static readonly TimeSpan SoonAge = TimeSpan.FromMilliseconds(100);

    /// <summary>A commit that takes longer counts as of unknown outcome: what it carries is kept, and those who wait go on.</summary>
    public static readonly TimeSpan CommitPatience = TimeSpan.FromSeconds(1);

    /// <summary>Then it is cancelled, so that a store that hangs and comes back is tried anew; the same batch is given again.</summary>
    public static readonly TimeSpan CommitLimit = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan StoreRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>A journal whose disk hangs: those who wait go on from memory.</summary>
    public static readonly TimeSpan JournalPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>After the journal refused a record. A full disk need not be asked at every decision.</summary>
    public static readonly TimeSpan JournalRetry = TimeSpan.FromSeconds(1);

    /// <summary>The loop turns at least this often, to show that it lives.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
}
