using Monitor.Core.Messages;

namespace Monitor.Grains.Notifying;

/// <param name="RobotSecret">
/// At least 16 bytes, the same for every start of this installation: names robots in the store without telling their keys.
/// Asked for once the store is open, where it is kept.
/// </param>
public sealed record NotifierOptions(MessageOptions Messages, Func<byte[]> RobotSecret)
{
    public NotifierOptions(MessageOptions messages, byte[] robotSecret)
        : this(messages, () => robotSecret)
    {
    }
}
