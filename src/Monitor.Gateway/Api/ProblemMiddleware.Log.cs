using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Api;

internal sealed partial class ProblemMiddleware
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path}: the store is not available: {Reason}")]
    private partial void LogStoreAway(string method, string path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogDefect(Exception e, string method, string path);
}
