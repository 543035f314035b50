namespace Monitor.Gateway.Metrics;

/// <summary>What Prometheus' own clients tell of a process.</summary>
internal static class ProcessMetrics
{
    public static IReadOnlyList<MetricFamily> Read(DateTimeOffset startedAt)
    {
        var gc = GC.GetGCMemoryInfo();
        return
        [
            One("process_cpu_seconds_total", "User and system CPU time of this process in seconds.", MetricKind.Counter, Environment.CpuUsage.TotalTime.TotalSeconds),
            One("process_resident_memory_bytes", "Resident memory in bytes.", MetricKind.Gauge, Environment.WorkingSet),
            One("process_start_time_seconds", "When this process started, in seconds since 1970.", MetricKind.Gauge, startedAt.ToUnixTimeMilliseconds() / 1000.0),
            One("dotnet_gc_heap_size_bytes", "Managed heap in bytes at the last collection.", MetricKind.Gauge, gc.HeapSizeBytes),
            One("dotnet_gc_allocated_bytes_total", "Bytes allocated on the managed heap.", MetricKind.Counter, GC.GetTotalAllocatedBytes()),
            One("dotnet_gc_pause_seconds_total", "Time that collections stopped the process, in seconds.", MetricKind.Counter, GC.GetTotalPauseDuration().TotalSeconds),
            One("dotnet_threadpool_threads", "Threads of the pool.", MetricKind.Gauge, ThreadPool.ThreadCount),
        ];
    }

    private static MetricFamily One(string name, string help, MetricKind kind, double value)
    {
        var family = new MetricFamily(name, help, kind, []);
        family.Record(value, []);
        return family;
    }
}
