using Monitor.Core.Alerts;
using Monitor.Core.Messages;
using Monitor.Core.Text;

namespace Monitor.UnitTests.Messages;

internal static class SampleAlerts
{
    public static readonly MessageOptions Chinese = new(Language.Chinese, TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai"), new Uri("https://monitor.example/"));

    public static readonly MessageOptions English = Chinese with { Language = Language.English };

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly AlertRecord Firing = new()
    {
        TargetId = 7,
        Episode = 3,
        TargetName = "生产环境-PostgreSQL",
        TargetType = "postgresql",
        Endpoint = "10.0.0.5:5432/orders",
        Group = "核心库",
        Severity = AlertSeverity.Critical,
        Message = "connect: connection refused",
        StartedAt = Start,
        FiredAt = Start + TimeSpan.FromSeconds(60),
        FailureCount = 3,
    };

    public static readonly AlertRecord Resolved = Firing with { ResolvedAt = Start + TimeSpan.FromMinutes(65), ResolvedReason = ResolvedReason.Recovered };
}
