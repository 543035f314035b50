namespace Monitor.Storage.Codecs;

/// <summary>The id of a block: its target and its ten minutes in one number, so that the blocks of a target lie together in time order.</summary>
internal static class BlockKey
{
    public const long WindowSeconds = 600;
    public const long WindowMicros = WindowSeconds * Micros.PerSecond;
    public const long Span = 4_194_304;

    public static long Of(long targetId, long window) => targetId * Span + window;

    public static long TargetOf(long key) => key / Span;

    /// <summary>Which ten minutes (counted from 1970) a time is in; times before it and beyond 2049 are at the ends.</summary>
    public static long WindowOf(long micros) => Math.Clamp(micros / WindowMicros, 0, Span - 1);

    public static long StartOf(long window) => window * WindowMicros;
}
