namespace Monitor.Grains.Targets;

/// <summary>One at a time, first come first served, across awaits. Free, it costs a short lock and no allocation: every target has one.</summary>
public sealed class AsyncGate
{
    private readonly Lock _lock = new();
    private Queue<TaskCompletionSource>? _waiting;
    private bool _taken;

    /// <summary>Each must be answered by one <see cref="Leave"/>.</summary>
    public ValueTask EnterAsync()
    {
        lock (_lock)
        {
            if (!_taken)
            {
                _taken = true;
                return default;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_waiting ??= new Queue<TaskCompletionSource>(1)).Enqueue(turn);
            return new ValueTask(turn.Task);
        }
    }

    public void Leave()
    {
        TaskCompletionSource? next = null;
        lock (_lock)
        {
            if (_waiting is null || !_waiting.TryDequeue(out next))
            {
                _taken = false;
                _waiting = null;
            }
        }

        next?.SetResult();
    }
}
