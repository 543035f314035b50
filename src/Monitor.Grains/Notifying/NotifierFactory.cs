using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Grains.Notifying.WeCom;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>Makes notifiers; all share the store, the writer and the client of the webhooks.</summary>
public sealed class NotifierFactory(
    IGrainStore store, IRecordWriter writer, HttpMessageInvoker http, NotifierOptions options, TimeProvider time, ILogger<Notifier> logger)
{
    /// <summary>What all of them have posted.</summary>
    public OwnSends Sends { get; } = new(time);

    /// <summary>How messages are written here.</summary>
    public MessageOptions Messages => options.Messages;

    public Notifier Make(RobotScope scope) => new(store, writer, http, options, time, logger, scope, Sends);

    /// <summary>Posts a message that is no delivery: nothing of it is stored.</summary>
    internal Task<PostVerdict> PostAsync(Uri robot, string markdown, CancellationToken cancellationToken) =>
        new WeComRobot(http, time, Sends).PostAsync(robot, WeComBody.Markdown(markdown), null, cancellationToken);

    /// <summary>Where the robot of the channel lives.</summary>
    public int ShardOf(Channel channel) => RobotScope.ShardOf(RobotScope.NameOf(options.RobotSecret(), channel.Settings.WebhookUrl));
}
