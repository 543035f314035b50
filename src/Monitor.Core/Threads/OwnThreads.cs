namespace Monitor.Core.Threads;

/// <summary>
/// Threads beside the pool, for calls that block or that the pool's load must not hold up. One is started when all others are busy, and ends when it had nothing to do for long; who waits
/// sleeps at once instead of spinning. With one thread things are done in the order in which they came.
/// </summary>
/// <param name="name">Of each thread.</param>
/// <param name="most">What comes while as many are busy waits.</param>
/// <param name="idle">After which time without work a thread ends.</param>
/// <param name="stackBytes">0: as much as the system gives.</param>
public sealed class OwnThreads(string name, int most, TimeSpan idle, ThreadPriority priority = ThreadPriority.Normal, int stackBytes = 0) : IDisposable
{
    // Not a Lock: nobody can wait on one.
    private readonly object _gate = new();
    private readonly Queue<Action> _queue = new();
    private int _threads;
    private int _idle;
    private bool _closed;

    /// <param name="what">Must not throw: on such a thread nothing catches it, and the process ends.</param>
    /// <returns>False after the end: it is not done.</returns>
    public bool Post(Action what)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _queue.Enqueue(what);
            if (_queue.Count > _idle && _threads < most)
            {
                _threads++;
                new Thread(Serve, stackBytes) { IsBackground = true, Name = name, Priority = priority }.Start();
            }
            else
            {
                System.Threading.Monitor.Pulse(_gate);
            }

            return true;
        }
    }

    /// <summary>Nothing is taken any more; what was, is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            System.Threading.Monitor.PulseAll(_gate);
        }
    }

    private void Serve()
    {
        while (Take() is { } what)
        {
            what();
        }
    }

    /// <summary>Null when this thread was idle for long, or all is over; it has been counted out by then.</summary>
    private Action? Take()
    {
        lock (_gate)
        {
            var isOver = false;
            Action? what;
            while (!_queue.TryDequeue(out what) && !isOver && !_closed)
            {
                _idle++;
                isOver = !System.Threading.Monitor.Wait(_gate, idle);
                _idle--;
            }

            _threads -= what is null ? 1 : 0;
            return what;
        }
    }
}
