namespace Monitor.Grains.Probing;

/// <summary>
/// One shared copy of texts that many results carry ("HTTP is up", an address, a version). Bounded: a text of the same slot takes its place.
/// A race costs a copy, never a wrong text.
/// </summary>
public sealed class TextPool
{
    private const int Longest = 200;
    private readonly string?[] _slots = new string?[4096];

    public string Share(string text)
    {
        if (text.Length > Longest)
        {
            return text;
        }

        ref var slot = ref _slots[(uint)text.GetHashCode(StringComparison.Ordinal) % (uint)_slots.Length];
        var seen = Volatile.Read(ref slot);
        if (seen == text)
        {
            return seen;
        }

        Volatile.Write(ref slot, text);
        return text;
    }
}
