using System.Globalization;
using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
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

    /// <summary>What has come to an end elsewhere, recorded.</summary>
    internal Task<Durability> RecordAsync(IReadOnlyList<Delivery> rows, CancellationToken cancellationToken) => writer.WriteAsync(new DeliveryWrite(rows, []), cancellationToken);

    /// <summary>Of the shard's robots: what this process itself has sent to them within their minute.</summary>
    internal IReadOnlyList<SendSlot> OwnSlots(IEnumerable<Channel> channels, int shard)
    {
        var now = time.GetUtcNow();
        return
        [
            .. from url in channels.Where(channel => ShardOf(channel) == shard).Select(channel => channel.Settings.WebhookUrl).Distinct(StringComparer.Ordinal)
               from sent in Sends.Ages(new Uri(url)).Select((age, index) => (Age: age, Index: index))
               select new SendSlot(NameOf(url), string.Create(CultureInfo.InvariantCulture, $"own-{sent.Index}"), now - sent.Age, now - sent.Age),
        ];
    }

    /// <summary>Posts a message that is no delivery: nothing of it is stored.</summary>
    internal Task<PostVerdict> PostAsync(Uri robot, string markdown, CancellationToken cancellationToken) =>
        new WeComRobot(http, time, Sends).PostAsync(robot, WeComBody.Markdown(markdown), null, cancellationToken);

    /// <summary>Where the robot of the channel lives.</summary>
    public int ShardOf(Channel channel) => RobotScope.ShardOf(NameOf(channel.Settings.WebhookUrl));

    private string NameOf(string webhookUrl) => RobotScope.NameOf(options.RobotSecret(), webhookUrl);
}
