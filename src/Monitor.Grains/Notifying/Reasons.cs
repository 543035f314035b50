namespace Monitor.Grains.Notifying;

/// <summary>Why a delivery was not made, as the API shows it.</summary>
internal static class Reasons
{
    public const string FiringDead = "its firing could not be delivered";
    public const string FiringSuppressed = "its firing was held back: the channel was disabled";
    public const string ChannelDisabled = "the channel is disabled";
    public const string ChannelDeleted = "the channel was deleted";
}
