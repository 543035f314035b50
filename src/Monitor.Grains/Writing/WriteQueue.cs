using System.Runtime.InteropServices;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.Grains.Writing;

/// <summary>What waits to be written, in the order in which it came. Adding is a lock and an append: it happens once a probe.</summary>
internal sealed class WriteQueue
{
    private readonly Lock _lock = new();
    private List<WriteItem> _items = [];
    private int _rows;
    private int _urgent;
    private long _soonSince = long.MaxValue;
    private bool _closed;

    /// <summary>True when the writer must look: the first item, the first urgent one, the first that goes soon, or as much as one commit takes.</summary>
    /// <param name="closed">Nothing is taken any more; the item was not added.</param>
    public bool Add(in WriteItem item, out bool closed)
    {
        lock (_lock)
        {
            closed = _closed;
            if (_closed)
            {
                return false;
            }

            var rows = item.Rows;
            var wake = _items.Count == 0 || (item.IsUrgent && _urgent == 0) || (item.IsSoon && _soonSince == long.MaxValue) || (_rows < WriterLimits.BatchRows && _rows + rows >= WriterLimits.BatchRows);
            _items.Add(item);
            _rows += rows;
            _urgent += item.IsUrgent ? 1 : 0;
            _soonSince = item.IsSoon ? Math.Min(_soonSince, item.AddedAt) : _soonSince;
            return wake;
        }
    }

    public WriteBacklog Look()
    {
        lock (_lock)
        {
            return new WriteBacklog(_items.Count, _rows, _urgent > 0, _soonSince, _items.Count > 0 ? _items[0].AddedAt : 0);
        }
    }

    /// <summary>The oldest items, as many as fit into one commit; at least one if there is any.</summary>
    public List<WriteItem> Take()
    {
        lock (_lock)
        {
            var taken = _items;
            if (_rows <= WriterLimits.BatchRows)
            {
                _items = new List<WriteItem>(Math.Min(taken.Count, 1024));
                _rows = 0;
                _urgent = 0;
                _soonSince = long.MaxValue;
                return taken;
            }

            var (count, rows, urgent) = (0, 0, 0);
            foreach (ref readonly var item in CollectionsMarshal.AsSpan(_items))
            {
                if (count > 0 && rows + item.Rows > WriterLimits.BatchRows)
                {
                    break;
                }

                count++;
                rows += item.Rows;
                urgent += item.IsUrgent ? 1 : 0;
            }

            taken = _items.GetRange(0, count);
            _items.RemoveRange(0, count);
            _rows -= rows;
            _urgent -= urgent;
            return taken;
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }
}

/// <summary>One thing to write: a plain result, a state with its result, or progress of deliveries.</summary>
/// <param name="Waiter">Null for a plain result: nobody waits.</param>
internal readonly record struct WriteItem(
    CheckRecord? Result, StateWrite? State, DeliveryWrite? Deliveries, TaskCompletionSource<Durability>? Waiter, long AddedAt)
{
    /// <summary>Somebody waits for it before he goes on: a decision that must be told, or a claim before its POST.</summary>
    public bool IsUrgent => (State is not null && !IsFirst) || (Deliveries?.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Sending) ?? false);

    /// <summary>
    /// A failure that changed nothing, a first success, or the mark behind a POST: it rides along with what is urgent, or goes by itself shortly. Were it urgent, the marks of
    /// the last notices would use up the commits that the next ones need.
    /// </summary>
    public bool IsSoon => !IsUrgent && (State is not null || Deliveries is not null || Result?.Outcome == ProbeOutcome.Failed);

    /// <summary>A success of a target that was made a moment ago, which nothing follows from: thousands of these come with a mass registration.</summary>
    private bool IsFirst => State is { ExpectedVersion: 0, RemoveTarget: false, Alerts.Count: 0, Deliveries.Count: 0, State.ConsecutiveFailures: 0 };

    public int Rows => (Result is null ? 0 : 1)
        + (State is null ? 0 : 1 + State.Alerts.Count + State.Deliveries.Count)
        + (Deliveries is null ? 0 : Deliveries.Deliveries.Count + Deliveries.Sends.Count);
}

/// <param name="SoonSince">The oldest that goes soon; far in the future when there is none.</param>
internal readonly record struct WriteBacklog(int Items, int Rows, bool Urgent, long SoonSince, long OldestAt);
