namespace Monitor.Grains.Probing;

/// <summary>
/// Calls probers on the thread pool, those that are due together by one hand: a thread of the pool that is woken for each costs more than most probes do.
/// A prober that blocks its thread instead of awaiting keeps that hand only; the others go on with the next.
/// </summary>
public sealed class ProbeStarter : IDisposable
{
    /// <summary>A hand that has been at one prober for this long is not waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    /// <summary>Flights that wait for a hand before another one is called.</summary>
    private const int FlightsPerHand = 32;

    private readonly Lock _lock = new();
    private readonly Queue<ProbeFlight> _waiting = [];
    private readonly List<Hand> _hands = [];
    private readonly TimeProvider _time;
    private readonly ITimer _watch;

    public ProbeStarter(TimeProvider time)
    {
        _time = time;
        _watch = time.CreateTimer(static starter => ((ProbeStarter)starter!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal void Add(ProbeFlight flight)
    {
        Hand? hand;
        lock (_lock)
        {
            _waiting.Enqueue(flight);
            hand = Called();
        }

        Send(hand);
    }

    public void Dispose() => _watch.Dispose();

    private void Look()
    {
        Hand? hand;
        lock (_lock)
        {
            foreach (var stuck in _hands.FindAll(hand => _time.GetElapsedTime(hand.TookAt) >= Patience))
            {
                stuck.IsWrittenOff = true;
                _hands.Remove(stuck);
            }

            hand = Called();
            if (_hands.Count > 0)
            {
                _watch.Change(Patience, Timeout.InfiniteTimeSpan);
            }
        }

        Send(hand);
    }

    /// <summary>Another hand where there are too few. Inside the lock.</summary>
    private Hand? Called()
    {
        if (_hands.Count >= Environment.ProcessorCount || _waiting.Count <= _hands.Count * FlightsPerHand)
        {
            return null;
        }

        var hand = new Hand(this) { TookAt = _time.GetTimestamp() };
        if (_hands.Count == 0)
        {
            _watch.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        _hands.Add(hand);
        return hand;
    }

    private static void Send(Hand? hand)
    {
        if (hand is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(hand, preferLocal: false);
        }
    }

    /// <summary>Null: there is nothing left for this hand, and it is one no more.</summary>
    private ProbeFlight? Take(Hand hand)
    {
        lock (_lock)
        {
            if (!hand.IsWrittenOff && _waiting.TryDequeue(out var flight))
            {
                hand.TookAt = _time.GetTimestamp();
                return flight;
            }

            _hands.Remove(hand);
            return null;
        }
    }

    private sealed class Hand(ProbeStarter starter) : IThreadPoolWorkItem
    {
        public long TookAt { get; set; }

        public bool IsWrittenOff { get; set; }

        public void Execute()
        {
            while (starter.Take(this) is { } flight)
            {
                flight.Begin();
            }
        }
    }
}
