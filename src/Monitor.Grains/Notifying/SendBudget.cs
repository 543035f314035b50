using Monitor.Core.Alerts;

namespace Monitor.Grains.Notifying;

/// <summary>
/// The last sends to one robot. A slot is taken before its POST and free again 60 s after the POST ended; when it is unknown whether and when it ended,
/// its deadline counts. The robot counts at the arrival, which lies between start and end: so no 60 s of its clock ever see a 21st.
/// In memory the monotonic clock decides; a start from the store has only the wall's.
/// </summary>
internal sealed class SendBudget(string robot, Func<int>? most = null)
{
    public const int Slots = 20;

    /// <summary>How long a POST may take, from its start.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>How much may pass between the start that is stored and the POST's own: the time of the write. A slower one is made again.</summary>
    public static readonly TimeSpan ClaimSlack = TimeSpan.FromSeconds(2);

    /// <summary>A little more than the robot's own minute, for clocks that run apart.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(60.25);

    private static readonly TimeSpan Drift = TimeSpan.FromSeconds(1);
    private readonly List<Slot> _slots = [];

    /// <summary>How many of them this sender may use by itself: fewer while others, who cannot be asked, may be sending too.</summary>
    public int Most => most?.Invoke() ?? Slots;

    /// <summary>Takes over what an earlier owner of the robot sent. An end in the future (the clock was set back) counts as just now.</summary>
    /// <param name="own">It was this process.</param>
    public void Load(IEnumerable<SendSlot> sends, Moment now, bool own = false)
    {
        foreach (var send in sends)
        {
            var age = now.Wall - (send.EndedAt ?? send.StartedAt + Deadline + ClaimSlack);
            var ended = now.Elapsed - (age < TimeSpan.Zero ? TimeSpan.Zero : age);
            if (ended + Window > now.Elapsed && _slots.All(slot => slot.Id != send.MessageId))
            {
                _slots.Add(new Slot(send.MessageId, own) { Ended = ended, StartedAt = send.StartedAt, EndedAt = send.EndedAt });
            }
        }
    }

    public int Free(TimeSpan now)
    {
        _slots.RemoveAll(slot => slot.Ended + Window <= now);
        return Math.Max(0, Math.Min(Slots - _slots.Count, Most - _slots.Count(slot => slot.IsOwn)));
    }

    /// <summary>Whether what has taken its slot already may use it still.</summary>
    public bool Fits(TimeSpan now)
    {
        Free(now);
        return _slots.Count(slot => slot.IsOwn && slot.Ended is not null) < Most;
    }

    /// <summary>When so many slots will be free, if nothing else is sent; what is under way is taken to last until its deadline.</summary>
    public TimeSpan FreeAt(int count, TimeSpan now)
    {
        var (all, own) = (FreeAt(_slots, Slots - count, now), FreeAt([.. _slots.Where(slot => slot.IsOwn)], Math.Max(0, Most - count), now));
        return all > own ? all : own;
    }

    /// <summary>Takes a slot, or starts one anew that was taken already.</summary>
    public SendSlot Take(string messageId, Moment now)
    {
        var slot = _slots.Find(slot => slot.Id == messageId);
        if (slot is null)
        {
            slot = new Slot(messageId, true);
            _slots.Add(slot);
        }

        slot.StartedAt = now.Wall;
        return slot.Stored(robot);
    }

    /// <summary>It was never used: free at once, here. What is stored of it is left to run out.</summary>
    public SendSlot Release(string messageId, Moment now)
    {
        _slots.RemoveAll(slot => slot.Id == messageId && slot.Ended is null);
        return new SendSlot(robot, messageId, now.Wall, now.Wall);
    }

    /// <summary>The POST is over.</summary>
    public SendSlot End(string messageId, Moment now)
    {
        var slot = _slots.Find(slot => slot.Id == messageId) ?? throw new InvalidOperationException($"no slot was taken for {messageId}");
        slot.Ended = now.Elapsed;
        slot.EndedAt = now.Wall;
        return slot.Stored(robot);
    }

    /// <summary>The slots whose stored times the wall clock has since walked away from, put right: else a restart would free them early.</summary>
    public IReadOnlyList<SendSlot> Corrected(Moment now)
    {
        List<SendSlot>? corrected = null;
        foreach (var slot in _slots)
        {
            if (slot.Ended is { } ended && now.Wall - (now.Elapsed - ended) is var real && (real - (slot.EndedAt ?? real)).Duration() > Drift)
            {
                slot.StartedAt = slot.StartedAt + (real - slot.EndedAt!.Value);
                slot.EndedAt = real;
                (corrected ??= []).Add(slot.Stored(robot));
            }
        }

        return corrected ?? [];
    }

    /// <summary>When no more than so many of these are left.</summary>
    private static TimeSpan FreeAt(List<Slot> slots, int left, TimeSpan now) =>
        slots.Count <= left ? now : slots.Select(slot => (slot.Ended ?? now + Deadline) + Window).Order().ElementAt(slots.Count - left - 1);

    private sealed class Slot(string id, bool isOwn)
    {
        public string Id => id;

        public bool IsOwn => isOwn;

        /// <summary>Null while its POST is under way.</summary>
        public TimeSpan? Ended { get; set; }

        public DateTimeOffset StartedAt { get; set; }
        public DateTimeOffset? EndedAt { get; set; }

        public SendSlot Stored(string robot) => new(robot, id, StartedAt, EndedAt);
    }
}
