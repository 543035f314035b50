using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Probing;

public sealed partial class ProberWorkers
{
    /// <summary>Without the exception's message: it may quote a URL with its password.</summary>
    [LoggerMessage(Level = LogLevel.Error, Message = "Defect in the prober {Type}: {Error}; the run counts as skipped. {Stack}")]
    private partial void LogDefect(string type, string error, string? stack);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A prober of type {Type} ignored its deadline of {Seconds} s and was cut off")]
    private partial void LogCutOff(string type, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No free slot for a probe of type {Type} ({Limit} are under way): the run is late")]
    private partial void LogNoSlot(string type, int limit);
}
