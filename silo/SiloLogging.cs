using Microsoft.Extensions.Logging.Console;
using Monitor.Silo.Settings;

namespace Monitor.Silo;

/// <summary>Logs on stdout: readable lines, or one JSON object a line.</summary>
internal static class SiloLogging
{
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static void Configure(ILoggingBuilder logging, SiloSettings settings)
    {
        logging.ClearProviders();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);

        // The host says it at every start, with a stack trace; the silo says it in one line of its own.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        if (settings.JsonLogs)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = Timestamp;
                console.IncludeScopes = false;
            });
            return;
        }

        logging.AddSimpleConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = Timestamp + " ";
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    }
}
