using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Access;

internal sealed partial class TokenTouches
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "when tokens were last used is not stored yet: {Reason}")]
    private partial void LogNotStored(string reason);
}
