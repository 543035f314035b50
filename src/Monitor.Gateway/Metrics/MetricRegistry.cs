using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Monitor.Core.Diagnostics;

namespace Monitor.Gateway.Metrics;

/// <summary>
/// Everything that the meter "Monitor" has measured since this was made, by family and labels. Recording allocates nothing once a set of labels is known.
/// </summary>
public sealed class MetricRegistry : IDisposable
{
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();
    private readonly MeterListener _listener = new();

    public MetricRegistry()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.MeterName)
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();

        // An instrument that nobody has touched yet does not exist yet; its name is part of the contract from the start.
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Telemetry).TypeHandle);
    }

    internal MetricFamily? Find(string name) => _families.GetValueOrDefault(name);

    /// <summary>Reads the observable gauges and hands over all families, by name.</summary>
    internal IReadOnlyList<MetricFamily> Collect()
    {
        lock (_scraping)
        {
            foreach (var family in _families.Values.Where(family => family.Kind == MetricKind.Gauge))
            {
                family.Forget();
            }

            _listener.RecordObservableInstruments();
            return [.. _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily FamilyOf(Instrument instrument) => _families.GetOrAdd(instrument.Name, static (name, made) => new MetricFamily(
        name, made.Description ?? name, KindOf(made), (made as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []), instrument);

    private static MetricKind KindOf(Instrument instrument) => instrument switch
    {
        Counter<long> or Counter<int> or Counter<double> or ObservableCounter<long> or ObservableCounter<double> => MetricKind.Counter,
        Histogram<double> => MetricKind.Histogram,
        _ => MetricKind.Gauge,
    };
}
