using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

internal static class AlertWords
{
    public static readonly LocalizedText FiringNow = new("Firing now", "当前告警");
    public static readonly LocalizedText NoneOpen = new("Nothing is firing.", "当前没有告警。");
    public static readonly LocalizedText History = new("History", "历史告警");
    public static readonly LocalizedText NoneEver = new("Nothing has ever fired.", "还没有任何告警。");
    public static readonly LocalizedText NoneFits = new("No alert fits this filter.", "没有符合条件的告警。");
    public static readonly LocalizedText Severity = new("Severity", "级别");
    public static readonly LocalizedText Over = new("over", "已结束");
    public static readonly LocalizedText TargetNumber = new("Target number", "目标编号");
    public static readonly LocalizedText Began = new("began", "开始");
    public static readonly LocalizedText Lasted = new("lasted", "持续");
    public static readonly LocalizedText FiredAt = new("fired", "触发");
    public static readonly LocalizedText Ended = new("ended", "结束");
    public static readonly LocalizedText BadChecks = new("bad checks", "异常检测次数");
    public static readonly LocalizedText NobodyTold = new("nobody was told: the target had no channel", "未通知任何人：目标没有通知渠道");
    public static readonly LocalizedText FiringTo = new("firing to {0}:", "告警 → {0}：");
    public static readonly LocalizedText RecoveryTo = new("recovery to {0}:", "恢复 → {0}：");
    public static readonly LocalizedText ToTarget = new("To the target", "查看目标");
    public static readonly LocalizedText Story = new("What happened", "经过");
    public static readonly LocalizedText StoryBegan = new("The first bad check", "首次检测异常");
    public static readonly LocalizedText StoryFired = new("The threshold was reached: alert {0} was opened", "达到阈值，产生告警 {0}");
    public static readonly LocalizedText StoryOver = new("It ended: {0}", "结束：{0}");
    public static readonly LocalizedText StillOpen = new("It is still open.", "尚未恢复。");
    public static readonly LocalizedText AsNumber = new("as {0}: counted apart while the store was away", "编号 {0}：存储不可用期间单独计数");
    public static readonly LocalizedText Attempts = new("{0} attempts", "尝试 {0} 次");
    public static readonly LocalizedText Around = new("Results around it", "前后的检测结果");
}
