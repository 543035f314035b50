using System.Diagnostics.Metrics;

namespace Monitor.Core.Diagnostics;

/// <summary>The service's own measures, by the names of the public contract. The exporter turns them into Prometheus text.</summary>
public static class Telemetry
{
    public const string MeterName = "Monitor";

    private static readonly Meter Meter = new(MeterName);

    private static readonly InstrumentAdvice<double> ProbeSeconds = Buckets(
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    private static readonly InstrumentAdvice<double> LatenessSeconds = Buckets(
        0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);

    /// <summary>Tags: type, outcome.</summary>
    public static readonly Counter<long> Probes = Meter.CreateCounter<long>(
        "monitor_probes_total", null, "Runs by how they ended; every scheduled run ends as ok, failed, late or skipped.");

    /// <summary>Tags: type.</summary>
    public static readonly Histogram<double> ProbeDuration = Meter.CreateHistogram(
        "monitor_probe_duration_seconds", "s", "How long probes took.", advice: ProbeSeconds);

    public static readonly Histogram<double> ScheduleLateness = Meter.CreateHistogram(
        "monitor_schedule_lateness_seconds", "s", "From due to started.", advice: LatenessSeconds);

    /// <summary>Tags: type.</summary>
    public static readonly Counter<long> ProbesCutOff = Meter.CreateCounter<long>(
        "monitor_probes_cut_off_total", null, "Probers that ignored their deadline and were abandoned.");

    /// <summary>Turns that passed while a target's run was still under way or this process stood still.</summary>
    public static readonly Counter<long> TurnsMissed = Meter.CreateCounter<long>(
        "monitor_turns_missed_total", null, "Due times that passed without a run of their own: overruns and stalls.");

    /// <summary>Tags: kind = fired | resolved, severity.</summary>
    public static readonly Counter<long> Transitions = Meter.CreateCounter<long>(
        "monitor_transitions_total", null, "Alerts that fired or were resolved.");

    /// <summary>Tags: status (what a delivery came to).</summary>
    public static readonly Counter<long> Deliveries = Meter.CreateCounter<long>(
        "monitor_deliveries_total", null, "Deliveries by what they came to.");

    public static readonly Counter<long> DeliveriesRepeated = Meter.CreateCounter<long>(
        "monitor_deliveries_repeated_total", null, "Deliveries sent again because it is unknown whether the first copy arrived.");

    /// <summary>Tags: outcome.</summary>
    public static readonly Counter<long> Posts = Meter.CreateCounter<long>(
        "monitor_posts_total", null, "Messages posted to robots, by how it went: ok, retry, refused, unknown.");

    public static readonly Histogram<double> StoreCommit = Meter.CreateHistogram(
        "monitor_store_commit_seconds", "s", "How long commits took.", advice: LatenessSeconds);

    public static readonly Counter<long> ResultsDropped = Meter.CreateCounter<long>(
        "monitor_results_dropped_total", null, "Plain results given up because the store was away for longer than memory could hold them.");

    /// <summary>Registers a gauge that is read at each scrape.</summary>
    public static void Gauge(string name, string help, Func<IEnumerable<Measurement<double>>> read) =>
        Meter.CreateObservableGauge(name, read, null, help);

    private static InstrumentAdvice<double> Buckets(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };
}
