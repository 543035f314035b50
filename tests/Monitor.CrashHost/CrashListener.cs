using System.Diagnostics;
using Monitor.Core.Diagnostics;

namespace Monitor.CrashHost;

/// <summary>Hears every step that the silo publishes, in the thread that makes it, and ends the process in the midst of a planned one.</summary>
internal sealed class CrashListener(IReadOnlyList<CrashPlan> plans) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private readonly WayFinder _ways = new();
    private readonly Lock _lock = new();
    private readonly int[] _met = new int[plans.Count];

    public static IDisposable Subscribe(IReadOnlyList<CrashPlan> plans) => DiagnosticListener.AllListeners.Subscribe(new CrashListener(plans));

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
            for (var i = 0; i < plans.Count; i++)
            {
                var plan = plans[i];
                if (value.Key == plan.Step && (plan.Way == CrashWay.Any || way == plan.Way) && ++_met[i] == plan.Count && plan.IsMine())
                {
                    Die();
                }
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
