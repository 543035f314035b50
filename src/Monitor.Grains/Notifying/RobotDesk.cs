using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>
/// All that is known of one robot, and every decision about it; no clock, no thread, no I/O. One message is under way at a time.
/// Invariants: a message carries a beginning of the queue; slots are taken before the POST; a notice leaves the queue only with a final status.
/// </summary>
internal sealed class RobotDesk(string key, Uri url, Composer composer, Func<int>? most = null)
{
    private static readonly TimeSpan[] BackOff = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(60)];
    private static readonly TimeSpan BacklogMentionPause = TimeSpan.FromSeconds(60);

    /// <summary>More never fit into one message; in a storm the rest is not even looked at.</summary>
    private const int MostLooked = 300;

    private readonly RobotQueue _queue = new();
    private TimeSpan _holdUntil;
    private TimeSpan? _lastEnded;
    private TimeSpan _mentionedUntil;
    private TimeSpan _throttledUntil;
    private int _failures;

    public string Key => key;

    public Uri Url => url;

    public SendBudget Budget { get; } = new(key, most);

    /// <summary>Whether the right to tell it is there at this moment.</summary>
    public Func<Notice, bool> MayBegin { get; init; } = _ => true;

    public RobotQueue Queue => _queue;

    /// <summary>A channel waits to move to another robot until what is under way has come back.</summary>
    public bool Paused { get; set; }

    /// <summary>What the last POST met; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Asked just before the POST: rights may have ended since it was claimed, and slots may have become fewer.</summary>
    public bool MayPost(Dispatch dispatch, Moment now) => Budget.Fits(now.Elapsed) && dispatch.Notices.All(MayBegin);

    public Step Next(Moment now)
    {
        if (Paused || _queue.IsEmpty)
        {
            return Step.Idle;
        }

        // Looked at before the queue is walked: during a storm every new notice asks.
        var free = Budget.Free(now.Elapsed);
        if (_holdUntil > now.Elapsed || free == 0)
        {
            var slot = Budget.FreeAt(1, now.Elapsed);
            return new Step(null, slot > _holdUntil ? slot : _holdUntil);
        }

        var entries = _queue.Entries(MostLooked, MayBegin);
        if (entries.Count == 0)
        {
            return Step.Idle;
        }

        // What would really go together: a digest that is cut down to one notice calls people although the one before it did, and was once the 21st POST of its minute.
        var together = Together(entries);
        var view = new PlanView(
            entries.Count,
            Math.Min(Budget.Most, MentionOf(entries[..1], false, now) ? 2 : 1),
            Math.Min(Budget.Most, MentionOf(together, together.Count > 1, now) ? 2 : 1),
            free,
            now.Elapsed,
            _holdUntil,
            _lastEnded)
        {
            Most = Budget.Most,
        };
        var plan = SendPlanner.Decide(view);
        return plan.Kind switch
        {
            PlanKind.Single => new Step(Begin(entries, false, now), null),
            PlanKind.Digest => new Step(Begin(entries, true, now), null),
            PlanKind.Wait => new Step(null, plan.Until),
            PlanKind.WaitForSlots => new Step(null, Budget.FreeAt(plan.Slots, now.Elapsed)),
            _ => Step.Idle,
        };
    }

    /// <summary>The rows to store before the POST: claimed deliveries and taken slots. May be made again when storing took too long.</summary>
    public DeliveryWrite Claim(Dispatch dispatch, Moment now)
    {
        var sends = new List<SendSlot>(Budget.Corrected(now)) { Budget.Take(dispatch.MessageId, now) };
        if (dispatch.Mention is { } mention)
        {
            sends.Add(Budget.Take(mention.MessageId, now));
        }

        return new DeliveryWrite([.. dispatch.Deliveries], sends);
    }

    /// <summary>A POST to this robot is over; what it said decides how long the robot is left alone.</summary>
    public SendSlot Ended(string messageId, PostVerdict verdict, Moment now)
    {
        var slot = Budget.End(messageId, now);
        _lastEnded = now.Elapsed;
        Trouble = verdict.Outcome == PostOutcome.Ok ? null : verdict.Said;
        var hold = verdict.Outcome switch
        {
            PostOutcome.Busy or PostOutcome.Unknown or PostOutcome.Odd => BackOff[Math.Min(_failures, BackOff.Length - 1)],
            PostOutcome.Throttled => SendBudget.Window,
            PostOutcome.Refused => BackOff[0],
            _ => TimeSpan.Zero,
        };
        _failures = verdict.Outcome is PostOutcome.Busy or PostOutcome.Unknown or PostOutcome.Odd ? _failures + 1 : 0;
        _holdUntil = now.Elapsed + hold;
        _throttledUntil = verdict.Outcome == PostOutcome.Throttled ? _holdUntil : TimeSpan.Zero;
        return slot;
    }

    /// <summary>How long no POST at all may start: the slots are used up, or the robot said that they are. Null: it may start now.</summary>
    public TimeSpan? Blocked(Moment now)
    {
        var until = Budget.Free(now.Elapsed) == 0 ? Budget.FreeAt(1, now.Elapsed) : now.Elapsed;
        until = until > _throttledUntil ? until : _throttledUntil;
        return until > now.Elapsed ? until - now.Elapsed : null;
    }

    /// <summary>How long even what must go next has to wait: backing off, or out of slots.</summary>
    public TimeSpan Held(Moment now)
    {
        var hold = _holdUntil > now.Elapsed ? _holdUntil - now.Elapsed : TimeSpan.Zero;
        return Blocked(now) is { } blocked && blocked > hold ? blocked : hold;
    }

    /// <summary>The verdict on a message: the new rows of all that it carried.</summary>
    public List<Delivery> Settle(Dispatch dispatch, PostVerdict verdict, string? mentionTrouble, Moment now)
    {
        var rows = new List<Delivery>();
        foreach (var entry in dispatch.Entries)
        {
            if (verdict.Outcome == PostOutcome.Ok)
            {
                foreach (var notice in entry.Notices)
                {
                    _queue.Remove(notice);
                    rows.AddRange(notice.Deliveries.Select(delivery =>
                        delivery with { Status = DeliveryStatus.Sent, SentAt = now.Wall, LastError = mentionTrouble }));
                }
            }
            else if (IsFinal(entry, verdict.Outcome, dispatch.Entries.Count))
            {
                Bury(entry, verdict, rows);
            }
            else
            {
                Return(entry, verdict, dispatch.Entries.Count, rows);
            }
        }

        return rows;
    }

    /// <summary>Nothing was posted (the row was not ours, or could not be written): everything waits again.</summary>
    public void Abandon(Dispatch dispatch, Moment now, TimeSpan hold)
    {
        Release(dispatch, now);
        foreach (var notice in dispatch.Notices)
        {
            _queue.Return(notice);
        }

        _holdUntil = now.Elapsed + hold;
    }

    /// <summary>Another silo has taken over: this one knows of them no more.</summary>
    public void Drop(Dispatch dispatch, Moment now)
    {
        Release(dispatch, now);
        foreach (var notice in dispatch.Notices)
        {
            _queue.Remove(notice);
        }
    }

    private void Release(Dispatch dispatch, Moment now)
    {
        Budget.Release(dispatch.MessageId, now);
        if (dispatch.Mention is { } mention)
        {
            Budget.Release(mention.MessageId, now);
        }
    }

    private static bool IsFinal(Entry entry, PostOutcome outcome, int together)
    {
        var refusals = entry.Notices.Max(notice => notice.Refusals) + 1;
        return outcome switch
        {
            PostOutcome.Refused => refusals > 1,
            PostOutcome.Odd => refusals > BackOff.Length - 1,
            // A digest that is too long is not final: the next one carries half as many.
            PostOutcome.TooLong => together == 1 && entry.Notices.Any(notice => notice.Shortened),
            _ => false,
        };
    }

    private void Bury(Entry entry, PostVerdict verdict, List<Delivery> rows)
    {
        foreach (var notice in entry.Notices)
        {
            _queue.Remove(notice);
            var unheard = notice.Kind == DeliveryKind.Resolved && entry.Firing is not null;
            rows.AddRange(notice.Deliveries.Select(delivery => unheard
                ? delivery with { Status = DeliveryStatus.Superseded, Reason = Reasons.FiringDead, LastError = verdict.Said }
                : delivery with { Status = DeliveryStatus.Dead, LastError = verdict.Said }));
        }
    }

    private void Return(Entry entry, PostVerdict verdict, int together, List<Delivery> rows)
    {
        foreach (var notice in entry.Notices)
        {
            notice.MayHaveArrived |= verdict.Outcome == PostOutcome.Unknown;
            notice.Refusals += verdict.Outcome is PostOutcome.Refused or PostOutcome.Odd ? 1 : 0;
            if (verdict.Outcome == PostOutcome.TooLong)
            {
                notice.Shortened |= together == 1;
                notice.MostTogether = Math.Max(1, together / 2);
            }

            for (var at = 0; at < notice.Deliveries.Count; at++)
            {
                notice.Deliveries[at] = notice.Deliveries[at] with { Status = DeliveryStatus.Pending, LastError = verdict.Said };
                rows.Add(notice.Deliveries[at]);
            }

            _queue.Return(notice);
        }
    }

    private Dispatch Begin(List<Entry> entries, bool digest, Moment now)
    {
        var together = digest ? Together(entries) : entries[..1];
        digest = together.Count > 1;
        var waiting = entries.Count + Math.Max(0, _queue.Waiting - entries.Sum(entry => entry.Notices.Count()));
        var (content, told) = digest ? composer.Digest(together, waiting, now.Wall) : (composer.Single(together[0], now.Wall), 1);
        var carried = together[..told];
        var id = Guid.CreateVersion7(now.Wall).ToString("N");
        var mention = MentionOf(carried, digest, now) ? composer.Mention(carried) with { MessageId = id + "-m" } : null;
        if (digest)
        {
            // A storm's digests are parts of one: whoever was called a moment ago is not called again for the next part.
            var rest = told < waiting;
            _mentionedUntil = rest && mention is not null ? now.Elapsed + BacklogMentionPause : rest ? _mentionedUntil : TimeSpan.Zero;
        }

        var repeated = 0;
        foreach (var notice in carried.SelectMany(entry => entry.Notices))
        {
            _queue.Start(notice);
            repeated += notice.MayHaveArrived ? notice.Deliveries.Count : 0;
            for (var at = 0; at < notice.Deliveries.Count; at++)
            {
                var delivery = notice.Deliveries[at];
                notice.Deliveries[at] = delivery with { Status = DeliveryStatus.Sending, Attempts = delivery.Attempts + 1, MessageId = id };
            }
        }

        return new Dispatch { MessageId = id, Content = content, Entries = carried, Mention = mention, Repeated = repeated };
    }

    private bool MentionOf(List<Entry> entries, bool digest, Moment now) =>
        (!digest || _mentionedUntil <= now.Elapsed) && entries.Exists(composer.Mentions);

    private static List<Entry> Together(List<Entry> entries)
    {
        var most = int.MaxValue;
        var count = 0;
        foreach (var entry in entries)
        {
            most = Math.Min(most, entry.MostTogether);
            if (count >= most)
            {
                break;
            }

            count++;
        }

        return entries[..count];
    }
}
