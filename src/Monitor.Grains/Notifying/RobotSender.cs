using Monitor.Core.Alerts;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Grains.Notifying.WeCom;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>
/// The loop of one robot: claims, posts, marks, one message at a time. It decides nothing (<see cref="RobotDesk"/> does) and waits for nobody else's robot.
/// </summary>
internal sealed partial class RobotSender(RobotDesk desk, SenderContext context)
{
    private const int MentionTries = 3;

    /// <summary>A store that is always slow must not make this monitor silent.</summary>
    private const int ClaimTries = 3;

    private static readonly TimeSpan AfterDefect = TimeSpan.FromSeconds(5);

    /// <summary>A lease that is renewed is so within this; one that is lost ends this sender.</summary>
    private static readonly TimeSpan WithoutRight = TimeSpan.FromMilliseconds(500);

    private readonly List<Task> _marks = [];
    private TaskCompletionSource _signal = NewSignal();

    /// <summary>Something has changed at the desk. Called with the gate held or not.</summary>
    public void Wake()
    {
        lock (context.Gate)
        {
            _signal.TrySetResult();
        }
    }

    /// <summary>Ends when stopping, after what is under way has come back and is recorded.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (!context.Stopping.IsCancellationRequested)
            {
                await TurnAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping. What was claimed and not marked goes again after the next start.
        }

        await Task.WhenAll(_marks);
    }

    private async Task TurnAsync()
    {
        Dispatch? sending = null;
        try
        {
            Step step;
            Task signal;
            lock (context.Gate)
            {
                _signal = _signal.Task.IsCompleted ? NewSignal() : _signal;
                signal = _signal.Task;
                step = context.Scope.StandsIn && !context.Scope.MaySend() ? Step.Idle : desk.Next(context.Now);
                sending = step.Send;
            }

            if (step.Send is { } dispatch)
            {
                await SendAsync(dispatch);
            }
            else
            {
                await WaitAsync(step.Until, signal);
            }
        }
        catch (OperationCanceledException e) when (!context.Stopping.IsCancellationRequested && !context.Abort.IsCancellationRequested)
        {
            await GoOnAsync(e, sending);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await GoOnAsync(e, sending);
        }
    }

    /// <summary>One message must not end the loop, and what it carried must not be forgotten.</summary>
    private async Task GoOnAsync(Exception defect, Dispatch? sending)
    {
        LogDefect(context.Logger, defect, desk.Key);
        if (sending is null)
        {
            await Task.Delay(AfterDefect, context.Time, context.Stopping);
            return;
        }

        List<Delivery> rows;
        lock (context.Gate)
        {
            rows = context.Router.Abandon(desk, sending, context.Now, AfterDefect);
        }

        BeginMark(rows, []);
    }

    private async Task WaitAsync(TimeSpan? until, Task signal)
    {
        if (until is not { } at)
        {
            await signal.WaitAsync(context.Stopping);
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        var delay = at - context.Now.Elapsed;
        await Task.WhenAny(signal, Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, context.Time, enough.Token));
        await enough.CancelAsync();
        context.Stopping.ThrowIfCancellationRequested();
    }

    private async Task SendAsync(Dispatch dispatch)
    {
        Delivery[] claimed = [.. dispatch.Deliveries];
        if (!await ClaimAsync(dispatch, claimed))
        {
            return;
        }

        if (!MaySend(dispatch))
        {
            // The right may come back, as a lease that lapsed and was renewed does: then nobody else would ever take these up.
            Wait(dispatch);
            return;
        }

        Telemetry.DeliveriesRepeated.Add(dispatch.Repeated);
        var verdict = await context.Robot.PostAsync(desk.Url, WeComBody.Markdown(dispatch.Content), claimed, context.Abort);
        var slots = new List<SendSlot>();
        lock (context.Gate)
        {
            slots.Add(desk.Ended(dispatch.MessageId, verdict, context.Now));
            if (dispatch.Mention is { } unused && verdict.Outcome != PostOutcome.Ok)
            {
                slots.Add(desk.Budget.Release(unused.MessageId, context.Now));
            }
        }

        LogVerdict(verdict, dispatch.Entries.Count);
        string? mentionTrouble = null;
        if (dispatch.Mention is { } mention && verdict.Outcome == PostOutcome.Ok)
        {
            // The deliveries stay claimed until people have been called: a kill in between sends both again, and never loses the call.
            mentionTrouble = await MentionAsync(mention, claimed, slots);
        }

        List<Delivery> rows;
        lock (context.Gate)
        {
            rows = context.Router.Settle(desk, dispatch, verdict, mentionTrouble, context.Now);
        }

        Changed?.Invoke();
        BeginMark(rows, slots);
    }

    private bool MaySend(Dispatch dispatch)
    {
        lock (context.Gate)
        {
            return context.Scope.MaySend() && desk.MayPost(dispatch, context.Now);
        }
    }

    /// <summary>Other desks may have got what waited here.</summary>
    public Action? Changed { get; init; }

    private async Task<bool> ClaimAsync(Dispatch dispatch, Delivery[] claimed)
    {
        SiloEvents.Publish(SiloEvents.DeliveryClaiming, claimed);
        for (var attempt = 1; ; attempt++)
        {
            DeliveryWrite write;
            var started = context.Now;
            lock (context.Gate)
            {
                write = desk.Claim(dispatch, started) with { Fence = context.Scope.Fence };
            }

            var durability = await context.Writer.WriteAsync(write, context.Abort);
            if (durability is Durability.FenceLost or Durability.VersionLost)
            {
                Drop(dispatch);
                return false;
            }

            // The stored start stands for the POST's own: after a slow write it would free the slot too early for a later owner.
            if (context.Now.Elapsed - started.Elapsed <= SendBudget.ClaimSlack || durability == Durability.Kept || attempt == ClaimTries)
            {
                SiloEvents.Publish(SiloEvents.DeliveryClaimed, claimed);
                return true;
            }
        }
    }

    private void Wait(Dispatch dispatch)
    {
        List<Delivery> rows;
        lock (context.Gate)
        {
            rows = context.Router.Abandon(desk, dispatch, context.Now, WithoutRight);

            // Whoever has the right finds in the store that nobody is sending it; an owner's own claim may be another's by now.
            rows.AddRange(context.Router.Waiting(dispatch, all: context.Scope.StandsIn));
        }

        BeginMark(rows, []);
        LogNotHeld(context.Logger, desk.Key);
    }

    private void Drop(Dispatch dispatch)
    {
        List<Delivery> rows;
        lock (context.Gate)
        {
            rows = context.Router.Drop(desk, dispatch, context.Now);
        }

        BeginMark(rows, []);
        LogLost(context.Logger, desk.Key, dispatch.Deliveries.Count());
    }

    /// <summary>Null when people were called, else why not.</summary>
    private async Task<string?> MentionAsync(Mention mention, Delivery[] claimed, List<SendSlot> slots)
    {
        var body = WeComBody.Text(mention.Content, mention.All, mention.Mobiles);
        var id = mention.MessageId;
        for (var attempt = 1; ; attempt++)
        {
            var verdict = await context.Robot.PostAsync(desk.Url, body, claimed, context.Abort);
            lock (context.Gate)
            {
                slots.Add(desk.Ended(id, verdict, context.Now));
            }

            LogVerdict(verdict, 0);
            if (verdict.Outcome == PostOutcome.Ok)
            {
                return null;
            }

            if (attempt == MentionTries || verdict.Outcome is not (PostOutcome.Busy or PostOutcome.Unknown or PostOutcome.Throttled))
            {
                return "mention: " + verdict.Said;
            }

            id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{mention.MessageId}{attempt}");
            await TakeAgainAsync(id);
        }
    }

    private async Task TakeAgainAsync(string id)
    {
        while (true)
        {
            TimeSpan wait;
            DeliveryWrite? write = null;
            lock (context.Gate)
            {
                var now = context.Now;
                wait = desk.Held(now);
                if (wait == TimeSpan.Zero)
                {
                    write = new DeliveryWrite([], [desk.Budget.Take(id, now)], context.Scope.Fence);
                }
            }

            if (write is not null)
            {
                await context.Writer.WriteAsync(write, context.Abort);
                return;
            }

            await Task.Delay(wait, context.Time, context.Stopping);
        }
    }

    /// <summary>Not waited for: the next message need not stand behind this one's record. The writer keeps the order.</summary>
    private void BeginMark(List<Delivery> rows, List<SendSlot> slots)
    {
        if (rows.Count + slots.Count == 0)
        {
            return;
        }

        _marks.RemoveAll(mark => mark.IsCompleted);
        _marks.Add(MarkAsync(rows, slots));
    }

    private async Task MarkAsync(List<Delivery> rows, List<SendSlot> slots)
    {
        SiloEvents.Publish(SiloEvents.DeliveryMarking, rows);
        try
        {
            await context.Writer.WriteAsync(new DeliveryWrite(rows, slots), context.Abort);
            SiloEvents.Publish(SiloEvents.DeliveryMarked, rows);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotMarked(context.Logger, e, rows.Count);
        }
        catch (OperationCanceledException)
        {
            LogNotMarked(context.Logger, null, rows.Count);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
