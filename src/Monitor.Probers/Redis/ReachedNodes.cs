using System.Text;

namespace Monitor.Probers.Redis;

/// <summary>
/// The memory between probes: members of a cluster that this monitor has reached. One of them that no longer answers is down; one that never did lies
/// perhaps where this monitor cannot see it. Text, one line a node, the format's version first; anything else reads as empty.
/// </summary>
internal sealed class ReachedNodes
{
    private const string Version = "1";

    /// <summary>Characters of a node's id: enough to tell a few thousand apart.</summary>
    private const int KeyLength = 16;

    private const int Most = 2000;

    private readonly HashSet<string> _keys;

    private ReachedNodes(HashSet<string> keys) => _keys = keys;

    public static ReachedNodes Read(ReadOnlySpan<byte> memory)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        if (memory.Length > Most * (KeyLength + 1) + 2)
        {
            return new ReachedNodes(keys);
        }

        var lines = Encoding.Latin1.GetString(memory).Split('\n');
        if (lines[0] == Version)
        {
            keys.UnionWith(lines.Skip(1).Where(line => line.Length is > 0 and <= KeyLength && line.All(char.IsAsciiLetterOrDigit)));
        }

        return new ReachedNodes(keys);
    }

    public bool Contains(string id) => _keys.Contains(Key(id));

    /// <summary>
    /// What to remember: of <paramref name="members"/> those reached now or before. Null: nothing has changed. Who has left the cluster is forgotten.
    /// </summary>
    public ReadOnlyMemory<byte>? With(IEnumerable<string> members, IReadOnlySet<string> reached)
    {
        var keys = members.Where(id => reached.Contains(id) || Contains(id)).Select(Key).Take(Most).ToHashSet(StringComparer.Ordinal);
        if (keys.SetEquals(_keys))
        {
            return null;
        }

        return Encoding.Latin1.GetBytes($"{Version}\n{string.Join('\n', keys.Order(StringComparer.Ordinal))}");
    }

    private static string Key(string id) => id.Length <= KeyLength ? id : id[..KeyLength];
}
