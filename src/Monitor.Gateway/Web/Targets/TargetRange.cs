using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Targets;

/// <summary>How far back a target's page looks.</summary>
/// <param name="Step">One point of the chart.</param>
/// <param name="Bar">One uptime bar: a whole number of steps.</param>
public sealed record TargetRange(string Key, TimeSpan Length, TimeSpan Step, TimeSpan Bar, LocalizedText Name);
