using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>What a status is called.</summary>
internal static class StatusWords
{
    public static readonly LocalizedText Healthy = new("healthy", "正常");
    public static readonly LocalizedText Degraded = new("degraded", "降级");
    public static readonly LocalizedText Unhealthy = new("unhealthy", "异常");
    public static readonly LocalizedText Unknown = new("unknown", "未知");
    public static readonly LocalizedText Disabled = new("disabled", "已禁用");
    public static readonly LocalizedText Firing = new("firing", "告警中");
    public static readonly LocalizedText Resolved = new("resolved", "已恢复");
    public static readonly LocalizedText Stopped = new("ended", "已结束");
    public static readonly LocalizedText Critical = new("critical", "严重");
    public static readonly LocalizedText Warning = new("warning", "警告");
    public static readonly LocalizedText Ok = new("ok", "成功");
    public static readonly LocalizedText OkWithWarnings = new("ok, with warnings", "成功，有警告");
    public static readonly LocalizedText Failed = new("failed", "失败");
    public static readonly LocalizedText Late = new("late", "延迟");
    public static readonly LocalizedText Skipped = new("skipped", "跳过");
    public static readonly LocalizedText Scheduled = new("scheduled", "定时");
    public static readonly LocalizedText Retry = new("retry", "重试");
    public static readonly LocalizedText Manual = new("by hand", "手动");
    public static readonly LocalizedText Recovered = new("it recovered", "目标已恢复");
    public static readonly LocalizedText WasDisabled = new("the target was disabled", "目标被禁用");
    public static readonly LocalizedText WasDeleted = new("the target was deleted", "目标被删除");
    public static readonly LocalizedText WasChanged = new("the target was changed", "目标配置被修改");
    public static readonly LocalizedText Pending = new("waiting to be sent", "等待发送");
    public static readonly LocalizedText Sending = new("being sent", "正在发送");
    public static readonly LocalizedText Sent = new("sent", "已发送");
    public static readonly LocalizedText Superseded = new("not needed any more", "无需发送");
    public static readonly LocalizedText Suppressed = new("held back", "已抑制");
    public static readonly LocalizedText Dead = new("refused for good", "发送失败");

    public static LocalizedText Of(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => Healthy,
        HealthStatus.Degraded => Degraded,
        HealthStatus.Unhealthy => Unhealthy,
        HealthStatus.Disabled => Disabled,
        _ => Unknown,
    };

    public static LocalizedText Of(AlertSeverity severity) => severity == AlertSeverity.Critical ? Critical : Warning;

    public static LocalizedText Of(CheckRecord result) => result.Outcome switch
    {
        ProbeOutcome.Ok => result.Warnings.Count > 0 ? OkWithWarnings : Ok,
        ProbeOutcome.Failed => Failed,
        ProbeOutcome.Late => Late,
        _ => Skipped,
    };

    public static LocalizedText Of(ProbeTrigger trigger) => trigger switch
    {
        ProbeTrigger.Retry => Retry,
        ProbeTrigger.Manual => Manual,
        _ => Scheduled,
    };

    public static LocalizedText Of(ResolvedReason reason) => reason switch
    {
        ResolvedReason.Disabled => WasDisabled,
        ResolvedReason.Deleted => WasDeleted,
        ResolvedReason.Changed => WasChanged,
        _ => Recovered,
    };

    public static LocalizedText Of(DeliveryStatus status) => status switch
    {
        DeliveryStatus.Pending => Pending,
        DeliveryStatus.Sending => Sending,
        DeliveryStatus.Sent => Sent,
        DeliveryStatus.Superseded => Superseded,
        DeliveryStatus.Suppressed => Suppressed,
        _ => Dead,
    };

    /// <summary>Of an alert: over because it recovered, or for another reason.</summary>
    public static LocalizedText Of(AlertRecord alert) => alert.IsOpen ? Firing : alert.ResolvedReason == ResolvedReason.Recovered ? Resolved : Stopped;
}

/// <summary>What roles are called.</summary>
internal static class RoleWords
{
    public static readonly LocalizedText Viewer = new("viewer: may read", "查看者：只读");
    public static readonly LocalizedText Editor = new("editor: targets, channels and probes", "编辑者：目标、渠道与探测");
    public static readonly LocalizedText Admin = new("administrator: everything", "管理员：全部权限");

    public static LocalizedText Of(Role role) => role switch { Role.Viewer => Viewer, Role.Editor => Editor, _ => Admin };
}
