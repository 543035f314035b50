namespace Monitor.Grains.Shards;

/// <summary>Where calls to the store are made: one at a time each, in order.</summary>
public interface ILeaseLanes
{
    void Pulse(Action call);

    void Work(Action call);
}
