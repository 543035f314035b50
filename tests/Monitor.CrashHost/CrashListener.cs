using System.Diagnostics;
using Monitor.Core.Diagnostics;

namespace Monitor.CrashHost;

/// <summary>Hears every step that the silo publishes, in the thread that makes it, and ends the process in the midst of the planned one.</summary>
internal sealed class CrashListener(CrashPlan plan) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private readonly WayFinder _ways = new();
    private readonly Lock _lock = new();
    private int _met;

    public static IDisposable Subscribe(CrashPlan plan) => DiagnosticListener.AllListeners.Subscribe(new CrashListener(plan));

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == SiloEvents.ListenerName)
        {
            value.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        lock (_lock)
        {
            var way = _ways.Of(value.Key, value.Value);
            if (value.Key == plan.Step && (plan.Way == CrashWay.Any || way == plan.Way) && ++_met == plan.Count)
            {
                Die();
            }
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();

        // Not one step further, should the signal be a moment late.
        Thread.CurrentThread.Join();
    }
}
