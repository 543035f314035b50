using System.Globalization;
using System.Text;

namespace Monitor.Probers.Redis;

/// <summary>Some of a cluster's 16,384 slots.</summary>
internal sealed class SlotSet
{
    public const int Slots = 16_384;

    private const int MostRanges = 10;

    private readonly ulong[] _bits = new ulong[Slots / 64];

    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _bits)
            {
                count += System.Numerics.BitOperations.PopCount(word);
            }

            return count;
        }
    }

    public bool this[int slot] => (_bits[slot >> 6] & (1UL << (slot & 63))) != 0;

    public void Add(SlotRange range)
    {
        for (var slot = range.First; slot <= range.Last; slot++)
        {
            _bits[slot >> 6] |= 1UL << (slot & 63);
        }
    }

    public void Add(IReadOnlyList<SlotRange> ranges)
    {
        foreach (var range in ranges)
        {
            Add(range);
        }
    }

    /// <summary>All slots that are not in here.</summary>
    public SlotSet Others()
    {
        var others = new SlotSet();
        for (var i = 0; i < _bits.Length; i++)
        {
            others._bits[i] = ~_bits[i];
        }

        return others;
    }

    /// <summary>What is in both.</summary>
    public SlotSet And(SlotSet other)
    {
        var both = new SlotSet();
        for (var i = 0; i < _bits.Length; i++)
        {
            both._bits[i] = _bits[i] & other._bits[i];
        }

        return both;
    }

    /// <summary><c>0-5460, 7000</c>; the first ten ranges, and how many more.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var ranges = 0;
        for (var slot = 0; slot < Slots; slot++)
        {
            if (!this[slot])
            {
                continue;
            }

            var first = slot;
            while (slot + 1 < Slots && this[slot + 1])
            {
                slot++;
            }

            if (++ranges <= MostRanges)
            {
                text.Append(ranges > 1 ? ", " : "").Append(new SlotRange(first, slot));
            }
        }

        return ranges > MostRanges ? text.Append(CultureInfo.InvariantCulture, $" and {ranges - MostRanges} more ranges").ToString() : text.ToString();
    }
}

/// <summary>Slots next to each other, both ends included.</summary>
internal readonly record struct SlotRange(int First, int Last)
{
    public override string ToString() =>
        First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
