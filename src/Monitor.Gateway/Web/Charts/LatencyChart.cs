using System.Globalization;
using System.Text;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Web.Charts;

/// <summary>
/// The geometry of a latency chart: average as a line, the range up to the highest as an area, failures and warnings as marks on the ground line.
/// Drawn to a box of <see cref="Width"/> x <see cref="Height"/> units that the page stretches; a gap in the checks is a gap in the line.
/// </summary>
public sealed class LatencyChart
{
    public const int Width = 1000;
    public const int Height = 200;

    private const int Ground = 14;

    private readonly DateTimeOffset _from;
    private readonly TimeSpan _length;
    private readonly TimeSpan _step;

    public LatencyChart(IReadOnlyList<HistoryPoint> points, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        (Points, _from, _length, _step) = (points, from, to - from, step);
        var highest = points.Max(point => point.LatencyMax) ?? 0;
        Highest = highest;
        Top = Nice(highest);
        var timed = points.Where(point => point.LatencyAvg is not null).ToList();
        var checks = timed.Sum(point => point.Checks);
        Average = checks == 0 ? null : timed.Sum(point => point.LatencyAvg!.Value * point.Checks) / checks;
        (Line, Area) = Draw(timed);
    }

    public IReadOnlyList<HistoryPoint> Points { get; }

    /// <summary>Milliseconds at the upper edge: a round number.</summary>
    public double Top { get; }

    public double Highest { get; }

    public double? Average { get; }

    public long Checks => Points.Sum(point => point.Checks);

    public long Failures => Points.Sum(point => point.Failures);

    /// <summary>Path of the averages.</summary>
    public string Line { get; }

    /// <summary>Path of the area between average and highest.</summary>
    public string Area { get; }

    /// <summary>Times for the axis, in order, with their place from 0 to 1000.</summary>
    public IEnumerable<DateTimeOffset> Ticks(int count) => Enumerable.Range(0, count).Select(index => _from + (_length * index / (count - 1)));

    /// <summary>Where the point's step begins and how wide it is.</summary>
    public (string X, string Width) Place(HistoryPoint point)
    {
        var left = Math.Max(0, X(point.At));
        var right = Math.Min(Width, X(point.At + _step));
        return (Number(left), Number(Math.Max(1, right - left)));
    }

    /// <summary>The smallest of 1, 2, 5 times a power of ten that is not below.</summary>
    internal static double Nice(double highest)
    {
        if (highest <= 0)
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(highest)));
        foreach (var factor in (double[])[1, 2, 5, 10])
        {
            if (highest <= factor * power)
            {
                return factor * power;
            }
        }

        return highest;
    }

    private (string Line, string Area) Draw(List<HistoryPoint> timed)
    {
        var (line, area) = (new StringBuilder(), new StringBuilder());
        for (var start = 0; start < timed.Count;)
        {
            var end = start + 1;
            while (end < timed.Count && timed[end].At - timed[end - 1].At <= _step * 1.5)
            {
                end++;
            }

            var run = timed.GetRange(start, end - start);
            Append(line, run.Select(point => (point.At, point.LatencyAvg!.Value)), 'M');
            if (run.Count == 1)
            {
                // A point without neighbours is a dot, not nothing.
                line.Append("h2");
            }

            Append(area, run.Select(point => (point.At, point.LatencyMax ?? point.LatencyAvg!.Value)), 'M');
            Append(area, run.AsEnumerable().Reverse().Select(point => (point.At, point.LatencyAvg!.Value)), 'L');
            area.Append('z');
            start = end;
        }

        return (line.ToString(), area.ToString());
    }

    private void Append(StringBuilder path, IEnumerable<(DateTimeOffset At, double Value)> points, char first)
    {
        foreach (var (at, value) in points)
        {
            path.Append(first).Append(Number(X(at + (_step / 2)))).Append(' ').Append(Number(Y(value)));
            first = 'L';
        }
    }

    private double X(DateTimeOffset at) => Math.Clamp((at - _from) / _length, 0, 1) * Width;

    private double Y(double value) => Height - Ground - (value / Top * (Height - Ground - 4));

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
