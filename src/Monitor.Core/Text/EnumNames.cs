namespace Monitor.Core.Text;

/// <summary>The names of enums as API, store and metrics carry them: one lower-case word, the value's own.</summary>
public static class EnumNames
{
    public static string Name<T>(this T value)
        where T : struct, Enum => Cache<T>.Names.TryGetValue(value, out var name) ? name : throw new ArgumentOutOfRangeException(nameof(value));

    /// <summary>Null when it is none of them; names are compared as they are written.</summary>
    public static T? Parse<T>(string text)
        where T : struct, Enum => Cache<T>.Values.TryGetValue(text, out var value) ? value : null;

    public static IReadOnlyCollection<string> All<T>()
        where T : struct, Enum => Cache<T>.Values.Keys;

    private static class Cache<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Names = Enum.GetValues<T>().ToDictionary(value => value, value => value.ToString().ToLowerInvariant());

        public static readonly Dictionary<string, T> Values = Names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }
}
