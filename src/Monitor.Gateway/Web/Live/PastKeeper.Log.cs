using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Web.Live;

internal sealed partial class PastKeeper
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "the last hour is not read yet: {Reason}")]
    private partial void LogNotRead(string reason);
}
