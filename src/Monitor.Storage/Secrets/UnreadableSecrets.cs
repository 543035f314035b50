using Monitor.Core.Text;

namespace Monitor.Storage.Secrets;

/// <summary>What a person is told of secrets that the key ring cannot open.</summary>
internal static class UnreadableSecrets
{
    /// <param name="ring">Where it lies, as the sentence's subject.</param>
    /// <returns>Null when all can be opened.</returns>
    public static LocalizedText? Line(LocalizedText ring, IReadOnlyList<long> targets, IReadOnlyList<long> channels)
    {
        if (targets.Count + channels.Count == 0)
        {
            return null;
        }

        var both = targets.Count > 0 && channels.Count > 0;
        return new LocalizedText(
            $"{ring.English} cannot open the secrets of {Told("target", targets)}{(both ? " and " : "")}{Told("channel", channels)}: "
                + "restore the key ring, or enter these secrets again; such targets are not probed",
            $"{ring.Chinese}无法解开{ToldInChinese("目标", targets)}{(both ? "和" : "")}{ToldInChinese("通道", channels)}的机密：请恢复密钥环，或重新填写这些机密；这些目标暂不探测");
    }

    private static string Told(string what, IReadOnlyList<long> ids) => ids.Count == 0 ? "" : $"{ids.Count} {what}{(ids.Count == 1 ? "" : "s")} ({Named(ids)})";

    private static string ToldInChinese(string what, IReadOnlyList<long> ids) => ids.Count == 0 ? "" : $" {ids.Count} 个{what}（{Named(ids)}）";

    private static string Named(IReadOnlyList<long> ids) => $"{string.Join(", ", ids.Take(10))}{(ids.Count > 10 ? ", …" : "")}";
}
