using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Monitor.Grains.Shards.Leases;

/// <summary>
/// Some things by key, in its order. Nobody changes it: each change makes another one, of a copy of all. There are as many entries as silos or shards, and far more reads than changes;
/// for that one array is better than a tree of nodes.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "It is read like a word: few shards held.")]
public sealed class Few<TKey, TValue> : IReadOnlyCollection<KeyValuePair<TKey, TValue>>
    where TKey : struct, IComparable<TKey>
{
    public static readonly Few<TKey, TValue> None = new([]);

    private readonly KeyValuePair<TKey, TValue>[] _entries;

    private Few(KeyValuePair<TKey, TValue>[] entries) => _entries = entries;

    public int Count => _entries.Length;

    public bool IsEmpty => _entries.Length == 0;

    public IEnumerable<TValue> Values => _entries.Select(entry => entry.Value);

    public TValue this[TKey key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"{key} is not among them");

    /// <param name="entries">In the order of their keys, and nobody else's from here on.</param>
    public static Few<TKey, TValue> Of(KeyValuePair<TKey, TValue>[] entries) => new(entries);

    public bool ContainsKey(TKey key) => IndexOf(key) >= 0;

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var index = IndexOf(key);
        value = index >= 0 ? _entries[index].Value : default;
        return index >= 0;
    }

    /// <summary>With it instead of what was there by that key, if anything was.</summary>
    public Few<TKey, TValue> With(TKey key, TValue value)
    {
        var index = IndexOf(key);
        var (before, after) = index >= 0 ? (index, index + 1) : (~index, ~index);
        var entries = new KeyValuePair<TKey, TValue>[before + 1 + _entries.Length - after];
        _entries.AsSpan(0, before).CopyTo(entries);
        entries[before] = new(key, value);
        _entries.AsSpan(after).CopyTo(entries.AsSpan(before + 1));
        return new(entries);
    }

    public Few<TKey, TValue> Without(TKey key)
    {
        var index = IndexOf(key);
        return index < 0 ? this : new([.. _entries.AsSpan(0, index), .. _entries.AsSpan(index + 1)]);
    }

    /// <summary>Each value changed.</summary>
    public Few<TKey, TValue> Each(Func<TValue, TValue> change) => new(Array.ConvertAll(_entries, entry => new KeyValuePair<TKey, TValue>(entry.Key, change(entry.Value))));

    public ImmutableArray<KeyValuePair<TKey, TValue>>.Enumerator GetEnumerator() => ImmutableCollectionsMarshal.AsImmutableArray(_entries).GetEnumerator();

    IEnumerator<KeyValuePair<TKey, TValue>> IEnumerable<KeyValuePair<TKey, TValue>>.GetEnumerator() => ((IEnumerable<KeyValuePair<TKey, TValue>>)_entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _entries.GetEnumerator();

    /// <summary>Where it is; or, below zero, the complement of where it would be.</summary>
    private int IndexOf(TKey key)
    {
        var (from, to) = (0, _entries.Length - 1);
        while (from <= to)
        {
            var middle = (from + to) >>> 1;
            var order = _entries[middle].Key.CompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            (from, to) = order < 0 ? (middle + 1, to) : (from, middle - 1);
        }

        return ~from;
    }
}
