using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Api.Channels;

internal sealed partial class ChannelEdits
{
    [LoggerMessage(Level = LogLevel.Error, Message = "channel {Id} was edited, but its senders have not taken that up")]
    private partial void LogSendersNotTold(Exception e, long id);
}
