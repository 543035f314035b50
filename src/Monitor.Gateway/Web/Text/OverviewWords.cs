using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

internal static class OverviewWords
{
    public static readonly LocalizedText Counts = new("Targets by status", "各状态目标数");
    public static readonly LocalizedText OpenAlerts = new("open alerts", "条告警未恢复");
    public static readonly LocalizedText Broken = new("Needs attention", "需要关注");
    public static readonly LocalizedText AllWell = new("Nothing is wrong that this monitor knows of.", "目前没有发现异常。");
    public static readonly LocalizedText SinceWhen = new("since", "开始于");
    public static readonly LocalizedText NobodyTold = new("nobody was told: the target has no channel", "未通知任何人：目标没有通知渠道");
    public static readonly LocalizedText NobodyWouldBeTold = new("nobody would be told: no channel", "不会通知任何人：没有渠道");
    public static readonly LocalizedText AndMore = new("and {0} more", "还有 {0} 个");
    public static readonly LocalizedText AllTargets = new("All targets by group", "按分组列出全部目标");
    public static readonly LocalizedText LastHour = new("Last hour: failures in {0} minutes, warnings in {1}", "最近一小时：{0} 分钟有失败，{1} 分钟有警告");
    public static readonly LocalizedText StripLegend = new(
        "The bars are the last hour, two minutes each: low is fine, half is a warning, full is a failure, empty was not watched.",
        "条形图为最近一小时，每格两分钟：矮为正常，中为警告，满格为失败，空白为未监测。");
    public static readonly LocalizedText NotAtItsBest = new("This monitor is not at its best:", "监控系统自身存在问题：");
    public static readonly LocalizedText Welcome = new("Welcome", "欢迎使用");
    public static readonly LocalizedText WelcomeText = new("Four steps, a few minutes: then you will hear of trouble before your users do.", "只需四步、几分钟，即可先于用户得知故障。");
    public static readonly LocalizedText StepChannel = new("Add a channel", "添加通知渠道");
    public static readonly LocalizedText StepChannelText = new("A WeCom group robot's webhook: where notices go.", "企业微信群机器人的 Webhook：通知发往何处。");
    public static readonly LocalizedText StepChannelDo = new("Add a channel", "添加渠道");
    public static readonly LocalizedText StepTarget = new("Add a target", "添加监控目标");
    public static readonly LocalizedText StepTargetText = new("A website, a port, a database: what is to be watched. Try it before you save.", "网站、端口或数据库：要监控的对象，保存前可先试探测。");
    public static readonly LocalizedText StepTargetDo = new("Add a target", "添加目标");
    public static readonly LocalizedText StepLive = new("See it live", "查看实时状态");
    public static readonly LocalizedText StepLiveText = new("It is probed within five seconds. This page follows by itself.", "五秒内开始首次探测，本页会自动更新。");
    public static readonly LocalizedText StepTest = new("Send a test", "发送测试消息");
    public static readonly LocalizedText StepTestText = new("Make sure that the robot answers, before it matters.", "在真正需要之前，确认机器人可以送达。");
    public static readonly LocalizedText StepTestDo = new("To the channels", "前往渠道页");
}
