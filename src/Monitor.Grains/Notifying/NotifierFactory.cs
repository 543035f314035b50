using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>Makes notifiers; all share the store, the writer and the client of the webhooks.</summary>
public sealed class NotifierFactory(
    IGrainStore store, IRecordWriter writer, HttpMessageInvoker http, NotifierOptions options, TimeProvider time, ILogger<Notifier> logger)
{
    public Notifier Make(RobotScope scope) => new(store, writer, http, options, time, logger, scope);

    /// <summary>Where the robot of the channel lives.</summary>
    public int ShardOf(Channel channel) => RobotScope.ShardOf(RobotScope.NameOf(options.RobotSecret(), channel.Settings.WebhookUrl));
}
