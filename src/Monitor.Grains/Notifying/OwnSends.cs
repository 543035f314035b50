namespace Monitor.Grains.Notifying;

/// <summary>
/// What this process itself has posted to each robot within a robot's minute, whoever in it did: all that is known of a budget while nobody can be asked. From any thread.
/// </summary>
public sealed class OwnSends(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<long>> _sends = new(StringComparer.Ordinal);

    /// <summary>A POST to the robot behind this URL is over, and may have arrived.</summary>
    public void Add(Uri robot)
    {
        lock (_lock)
        {
            foreach (var (url, old) in _sends)
            {
                if (Recent(old) == 0)
                {
                    _sends.Remove(url);
                }
            }

            if (!_sends.TryGetValue(robot.AbsoluteUri, out var sends))
            {
                _sends.Add(robot.AbsoluteUri, sends = new Queue<long>());
            }

            sends.Enqueue(time.GetTimestamp());
        }
    }

    /// <summary>How many may have arrived within the last minute.</summary>
    public int Count(Uri robot)
    {
        lock (_lock)
        {
            return _sends.TryGetValue(robot.AbsoluteUri, out var sends) ? Recent(sends) : 0;
        }
    }

    /// <summary>How long ago these were.</summary>
    public IReadOnlyList<TimeSpan> Ages(Uri robot)
    {
        lock (_lock)
        {
            return _sends.TryGetValue(robot.AbsoluteUri, out var sends) && Recent(sends) > 0 ? [.. sends.Select(sent => time.GetElapsedTime(sent))] : [];
        }
    }

    private int Recent(Queue<long> sends)
    {
        while (sends.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= SendBudget.Window)
        {
            sends.Dequeue();
        }

        return sends.Count;
    }
}
