using Monitor.Core.Text;

namespace Monitor.Grains.Notifying;

/// <summary>Why a delivery was not made, as the API shows it.</summary>
internal static class Reasons
{
    public const string FiringDead = "its firing could not be delivered";
    public const string FiringSuppressed = "its firing was held back: the channel was disabled";
    public const string ChannelDisabled = "the channel is disabled";
    public const string ChannelDeleted = "the channel was deleted";

    /// <summary>Of the notifier as a whole.</summary>
    public static readonly LocalizedText NotLoaded = new("notices wait: what is open could not be read from the store", "通知在等待：无法从存储读取未完成的通知");

    public static readonly LocalizedText NotLooked = new(
        "notices of other silos' targets wait: what is open could not be read from the store", "其他节点目标的通知在等待：无法从存储读取未完成的通知");
}
