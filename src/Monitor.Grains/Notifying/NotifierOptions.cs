using Monitor.Core.Messages;

namespace Monitor.Grains.Notifying;

/// <param name="RobotSecret">At least 16 bytes, the same for every start of this installation: names robots in the store without telling their keys.</param>
public sealed record NotifierOptions(MessageOptions Messages, byte[] RobotSecret);
