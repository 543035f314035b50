namespace Monitor.Storage.Secrets;

/// <summary>What a person is told of secrets that the key ring cannot open.</summary>
internal static class UnreadableSecrets
{
    /// <param name="ring">Where it lies, as the sentence's subject.</param>
    /// <returns>Null when all can be opened.</returns>
    public static string? Line(string ring, IReadOnlyList<long> targets, IReadOnlyList<long> channels) => targets.Count + channels.Count == 0
        ? null
        : $"{ring} cannot open the secrets of {Told("target", targets)}{(targets.Count > 0 && channels.Count > 0 ? " and " : "")}"
            + $"{Told("channel", channels)}: restore the key ring, or enter these secrets again; such targets are not probed";

    private static string Told(string what, IReadOnlyList<long> ids) =>
        ids.Count == 0 ? "" : $"{ids.Count} {what}{(ids.Count == 1 ? "" : "s")} ({string.Join(", ", ids.Take(10))}{(ids.Count > 10 ? ", …" : "")})";
}
