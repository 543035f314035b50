using System.Runtime.InteropServices;

namespace Monitor.Core.History;

/// <summary>
/// When a target was looked at: a conclusive result covers the time until the next one, but at most its reach; a run that could not be made
/// ends what was covered. Spans in any unit of time, <c>[Start, End)</c>.
/// </summary>
public sealed class ObservedTime
{
    private readonly List<(long Start, long End)> _spans = [];

    /// <summary>Spans as they were added, those that touch joined.</summary>
    public IReadOnlyList<(long Start, long End)> Spans => _spans;

    /// <summary>A moment before any span at which what came earlier ends; null when there is none.</summary>
    public long? CutBefore { get; private set; }

    /// <summary>A result that says how the target is. Times are given in order; one out of order is joined all the same.</summary>
    public void Saw(long at, long reach) => Span(at, at + reach);

    public void Span(long start, long end)
    {
        if (_spans.Count > 0 && start >= _spans[^1].Start && start <= _spans[^1].End)
        {
            _spans[^1] = (_spans[^1].Start, Math.Max(_spans[^1].End, end));
        }
        else if (end > start)
        {
            _spans.Add((start, end));
        }
    }

    /// <summary>From here on nobody knows.</summary>
    public void Cut(long at)
    {
        if (_spans.Count == 0)
        {
            CutBefore ??= at;
        }
        else if (_spans[^1].End > at && _spans[^1].Start <= at)
        {
            _spans[^1] = (_spans[^1].Start, at);
        }
    }

    /// <summary>Adds a later stretch.</summary>
    public void Append(ObservedTime later)
    {
        if (later.CutBefore is { } cut)
        {
            Cut(cut);
        }

        foreach (var (start, end) in later.Spans)
        {
            Span(start, end);
        }
    }

    /// <summary>Sorted, joined and limited to <c>[from, to)</c>.</summary>
    public IReadOnlyList<(long Start, long End)> Within(long from, long to) => Joined(_spans, from, to);

    /// <summary>Any spans, sorted, joined and limited to <c>[from, to)</c>.</summary>
    public static IReadOnlyList<(long Start, long End)> Joined(IEnumerable<(long Start, long End)> spans, long from, long to)
    {
        var sorted = spans
            .Select(span => (Start: Math.Max(span.Start, from), End: Math.Min(span.End, to)))
            .Where(span => span.End > span.Start)
            .OrderBy(span => span.Start)
            .ToList();
        var joined = new List<(long Start, long End)>(sorted.Count);
        foreach (var span in sorted)
        {
            if (joined.Count > 0 && span.Start <= joined[^1].End)
            {
                ref var last = ref CollectionsMarshal.AsSpan(joined)[^1];
                last.End = Math.Max(last.End, span.End);
            }
            else
            {
                joined.Add(span);
            }
        }

        return joined;
    }

    public static long Length(IReadOnlyList<(long Start, long End)> joined) => joined.Sum(span => span.End - span.Start);

    /// <summary>How long both are; both sorted and joined.</summary>
    public static long Overlap(IReadOnlyList<(long Start, long End)> first, IReadOnlyList<(long Start, long End)> second)
    {
        var total = 0L;
        for (int i = 0, j = 0; i < first.Count && j < second.Count;)
        {
            total += Math.Max(0, Math.Min(first[i].End, second[j].End) - Math.Max(first[i].Start, second[j].Start));
            if (first[i].End < second[j].End)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return total;
    }
}
