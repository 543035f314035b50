using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>The steps from results to a verdict.</summary>
internal static class WhyWords
{
    public static readonly LocalizedText Disabled = new("The target is disabled: it is not probed, and nobody is told.", "目标已禁用：不探测，也不通知任何人。");
    public static readonly LocalizedText Success = new("{0}: success, the count of failures is back to 0.", "{0}：成功，失败计数归零。");
    public static readonly LocalizedText Failure = new("{0}: failure {1} of the {2} that make an alert: {3}", "{0}：失败，第 {1} 次（{2} 次触发告警）：{3}");
    public static readonly LocalizedText FailureReached = new("{0}: failure {1}; {2} make an alert, so it is down: {3}", "{0}：失败，第 {1} 次，达到 {2} 次的阈值，判定为异常：{3}");
    public static readonly LocalizedText Warned = new("{0}: success with warnings, number {1} of {2}: {3}", "{0}：成功但有警告，第 {1} 次（阈值 {2}）：{3}");
    public static readonly LocalizedText ByHand = new("{0}: probed by hand; only a clean success would count: {1}", "{0}：手动探测，仅完全成功才计入：{1}");
    public static readonly LocalizedText SaysNothing = new("{0}: {1}, says nothing about the target: {2}", "{0}：{1}，不代表目标状态：{2}");
    public static readonly LocalizedText StatusIs = new("So it is {0}, since {1}.", "因此状态为“{0}”，自 {1} 起。");
    public static readonly LocalizedText NotYet = new("{0} failures in a row; nobody is told before there are {1}.", "已连续失败 {0} 次；达到 {1} 次之前不通知。");
    public static readonly LocalizedText WarningsNotYet = new("Results with warnings in a row: {0}; nobody is told before there are {1}.", "已连续警告 {0} 次；达到 {1} 次之前不通知。");
    public static readonly LocalizedText WarningsOff = new("There are warnings, but this target does not tell of warnings.", "存在警告，但该目标设置为警告不通知。");
    public static readonly LocalizedText OutageOpen = new("Outage {0} is open: {1} of {2} successes needed to end it.", "故障第 {0} 次未恢复：已成功 {1} 次，需 {2} 次才算恢复。");
    public static readonly LocalizedText WarningOpen = new("Warning {0} is open: {1} of {2} clean successes needed to end it.", "警告第 {0} 次未恢复：已完全成功 {1} 次，需 {2} 次才算恢复。");
    public static readonly LocalizedText NeverFired = new("It has never reached the threshold: there was nothing to tell.", "从未达到阈值：没有需要通知的内容。");
    public static readonly LocalizedText LastAlert = new("The last alert {0} ({1}) fired at {2}.", "最近一次告警 {0}（{1}）触发于 {2}。");
    public static readonly LocalizedText NobodyThen = new("At that time the target had no channel: nobody was told.", "当时目标没有通知渠道：未通知任何人。");
    public static readonly LocalizedText Over = new("It ended at {0}: {1}.", "结束于 {0}：{1}。");
    public static readonly LocalizedText NoChannels = new("The target has no channel: nobody will be told.", "目标没有通知渠道：不会通知任何人。");
    public static readonly LocalizedText ChannelOff = new("The channel {0} is disabled: what would go there is held back.", "渠道 {0} 已禁用：发往该渠道的通知会被抑制。");
    public static readonly LocalizedText Delivery = new("{0} to {1}: {2}", "{0} → {1}：{2}");
    public static readonly LocalizedText Firing = new("Firing notice", "告警通知");
    public static readonly LocalizedText Recovery = new("Recovery notice", "恢复通知");
}
