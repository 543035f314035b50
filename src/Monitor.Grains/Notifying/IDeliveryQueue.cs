using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>Where the owners of targets hand over what has been decided and stored; its senders take it to the robots.</summary>
public interface IDeliveryQueue
{
    /// <summary>Never blocks, never throws. Deliveries of one target arrive here in the order in which they were decided.</summary>
    void Enqueue(IReadOnlyList<OpenDelivery> deliveries);

    /// <summary>A channel was created or edited: what waits for it goes to its present URL.</summary>
    void ChannelChanged(Channel channel);

    /// <summary>A channel was deleted: what waits for it becomes dead, with that reason.</summary>
    void ChannelDeleted(long channelId);
}
