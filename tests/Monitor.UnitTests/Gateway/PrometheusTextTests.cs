using System.Diagnostics.Metrics;
using Monitor.Core.Diagnostics;
using Monitor.Gateway.Metrics;
using Xunit;

namespace Monitor.UnitTests.Gateway;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_the_format_wants()
    {
        var counter = new MetricFamily("a_total", "Line one\nand \\two.", MetricKind.Counter, []);
        counter.Record(2, [Tag("type", "ht\"tp\\\n"), Tag("outcome", "ok")]);
        counter.Record(1, [Tag("outcome", "ok"), Tag("type", "ht\"tp\\\n")]);
        var gauge = new MetricFamily("b", "B.", MetricKind.Gauge, []);
        gauge.Record(5, []);
        gauge.Record(double.NaN, []);
        var histogram = new MetricFamily("c_seconds", "C.", MetricKind.Histogram, [0.1, 1]);
        histogram.Record(0.1, []);
        histogram.Record(0.5, []);
        histogram.Record(7.25, []);

        var text = PrometheusText.Of([counter, gauge, histogram, new MetricFamily("unseen", "Nothing yet.", MetricKind.Gauge, [])]);

        Assert.Equal(
            """
            # HELP a_total Line one\nand \\two.
            # TYPE a_total counter
            a_total{outcome="ok",type="ht\"tp\\\n"} 3
            # HELP b B.
            # TYPE b gauge
            b NaN
            # HELP c_seconds C.
            # TYPE c_seconds histogram
            c_seconds_bucket{le="0.1"} 1
            c_seconds_bucket{le="1"} 2
            c_seconds_bucket{le="+Inf"} 3
            c_seconds_sum 7.85
            c_seconds_count 3

            """,
            text);
    }

    [Fact]
    public void Known_labels_start_at_zero_and_a_gauge_that_is_gone_is_not_shown()
    {
        var family = new MetricFamily("a", "A.", MetricKind.Gauge, []);
        family.Know(Tag("x", "1"));
        Assert.Contains("a{x=\"1\"} 0\n", PrometheusText.Of([family]), StringComparison.Ordinal);

        family.Forget();
        Assert.Equal("", PrometheusText.Of([family]));
    }

    [Fact]
    public void Recording_a_known_set_of_labels_allocates_nothing()
    {
        using var registry = new MetricRegistry();
        Record();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Record();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(registry.Find("monitor_probes_total")!.Series.Single(series => series.Labels[0].Value == "allocation").Value >= 1001);

        static void Record()
        {
            Telemetry.Probes.Add(1, new("type", "allocation"), new("outcome", "allocation"));
            Telemetry.StoreCommit.Record(0.001);
        }
    }

    [Fact]
    public void Parallel_recording_loses_nothing()
    {
        var family = new MetricFamily("a_total", "A.", MetricKind.Counter, []);

        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                family.Record(1, [Tag("n", i % 2 == 0 ? "even" : "odd")]);
            }
        });

        Assert.Equal([40_000, 40_000], family.Series.Select(series => series.Value));
    }

    [Fact]
    public void Gauges_are_read_at_each_scrape()
    {
        using var meter = new Meter(Telemetry.MeterName);
        using var registry = new MetricRegistry();
        var value = 1.0;
        meter.CreateObservableGauge("monitor_test_gauge", () => value, null, "Of a test.");

        registry.Collect();
        value = 2;
        registry.Collect();

        Assert.Equal(2, Assert.Single(registry.Find("monitor_test_gauge")!.Series).Value);
    }

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);
}
