using Monitor.Core.Alerts;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>The words that say what happened; a test walks them in both languages.</summary>
internal static class MessageWords
{
    public static readonly LocalizedText Firing = new("Firing", "告警");
    public static readonly LocalizedText FiringWarning = new("Firing (warning)", "告警（警告）");
    public static readonly LocalizedText Resolved = new("Resolved", "已恢复");
    public static readonly LocalizedText ResolvedDegraded = new("Resolved (still answers with warnings)", "已恢复（仍有警告）");
    public static readonly LocalizedText Stopped = new("No longer monitored", "已停止监控");
    public static readonly LocalizedText Critical = new("critical", "严重");
    public static readonly LocalizedText Warning = new("warning", "警告");
    public static readonly LocalizedText Disabled = new("monitoring was disabled", "监控已禁用");
    public static readonly LocalizedText Deleted = new("the target was deleted", "目标已删除");
    public static readonly LocalizedText Changed = new("its type changed, or it no longer tells of warnings", "目标类型已修改，或不再通知警告");

    public static bool IsStopped(AlertRecord alert) => alert.ResolvedReason is not (null or ResolvedReason.Recovered);

    public static LocalizedText Severity(AlertRecord alert) => alert.Severity == AlertSeverity.Critical ? Critical : Warning;

    /// <summary>The same words in a title and on a digest's line.</summary>
    public static string Title(NoticeKind kind, AlertRecord alert, Language language) => kind switch
    {
        NoticeKind.Firing => FiringTitle(alert).In(language),
        NoticeKind.Resolved => ResolvedTitle(alert).In(language),
        _ => FiringTitle(alert).In(language) + " → " + ResolvedTitle(alert).In(language),
    };

    public static LocalizedText? Reason(AlertRecord alert) => alert.ResolvedReason switch
    {
        ResolvedReason.Disabled => Disabled,
        ResolvedReason.Deleted => Deleted,
        ResolvedReason.Changed => Changed,
        _ => null,
    };

    private static LocalizedText FiringTitle(AlertRecord alert) => alert.Severity == AlertSeverity.Critical ? Firing : FiringWarning;

    private static LocalizedText ResolvedTitle(AlertRecord alert)
    {
        // People must not read "recovered" of something that nobody watches any more.
        if (IsStopped(alert))
        {
            return Stopped;
        }

        return alert.RecoveredIntoDegraded ? ResolvedDegraded : Resolved;
    }
}
