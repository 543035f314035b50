using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Web.Serving;

internal sealed partial class ErrorPages
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The page {Method} {Path} failed")]
    private partial void LogDefect(Exception error, string method, string path);
}
