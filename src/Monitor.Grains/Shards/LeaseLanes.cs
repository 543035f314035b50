namespace Monitor.Grains.Shards;

/// <summary>The threads on which the store is called.</summary>
public sealed class LeaseLanes : ILeaseLanes, IDisposable
{
    private readonly LeaseThread _pulse = new("lease beat");
    private readonly LeaseThread _work = new("lease work");

    public void Pulse(Action call) => _pulse.Post(call);

    public void Work(Action call) => _work.Post(call);

    public void Dispose()
    {
        _pulse.Dispose();
        _work.Dispose();
    }
}
