using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>Words of the list of targets and of one target.</summary>
internal static class TargetWords
{
    public static readonly LocalizedText New = new("New target", "新建目标");
    public static readonly LocalizedText Search = new("Search names", "搜索名称");
    public static readonly LocalizedText Label = new("Label", "标签");
    public static readonly LocalizedText Sort = new("Sort", "排序");
    public static readonly LocalizedText PageSize = new("Per page", "每页");
    public static readonly LocalizedText NoneYet = new("There are no targets yet.", "还没有监控目标。");
    public static readonly LocalizedText NoneFits = new("No target fits this filter.", "没有符合条件的目标。");
    public static readonly LocalizedText SelectAll = new("Select all on this page", "全选本页");
    public static readonly LocalizedText SelectOne = new("Select {0}", "选择 {0}");
    public static readonly LocalizedText Hour = new("Last hour", "最近一小时");
    public static readonly LocalizedText Paging = new("Pages", "分页");
    public static readonly LocalizedText WithSelected = new("With the selected", "对所选目标");
    public static readonly LocalizedText SetGroup = new("Set group", "设置分组");
    public static readonly LocalizedText SetChannels = new("Set channels…", "设置渠道…");
    public static readonly LocalizedText NoChannelMeansNobody = new("With none checked, nobody is told.", "若全不勾选，则不通知任何人。");
    public static readonly LocalizedText ByName = new("Name", "名称");
    public static readonly LocalizedText ByNameBack = new("Name, backwards", "名称（倒序）");
    public static readonly LocalizedText ByNewest = new("Last change of status", "状态变化，最近优先");
    public static readonly LocalizedText ByOldest = new("Longest in its status", "状态持续，最久优先");
    public static readonly LocalizedText ById = new("Oldest first", "创建，最早优先");
    public static readonly LocalizedText ByIdBack = new("Newest first", "创建，最新优先");
    public static readonly LocalizedText DoneEnable = new("{0} enabled.", "已启用 {0} 个目标。");
    public static readonly LocalizedText DoneDisable = new("{0} disabled.", "已禁用 {0} 个目标。");
    public static readonly LocalizedText DoneDelete = new("{0} deleted.", "已删除 {0} 个目标。");
    public static readonly LocalizedText DoneGroup = new("Group set for {0}.", "已为 {0} 个目标设置分组。");
    public static readonly LocalizedText DoneChannels = new("Channels set for {0}.", "已为 {0} 个目标设置渠道。");
    public static readonly LocalizedText DoneNothing = new("Nothing was selected.", "没有选择任何目标。");
    public static readonly LocalizedText TellsNobody = new("tells nobody", "不通知任何人");
    public static readonly LocalizedText DeleteTitle = new("Delete targets", "删除目标");
    public static readonly LocalizedText DeleteText = new(
        "{0} targets are deleted with their results. Open alerts end as \"no longer monitored\"; past alerts stay.",
        "将删除 {0} 个目标及其检测结果。未恢复的告警以“已停止监控”结束，历史告警会保留。");
    public static readonly LocalizedText DeleteDo = new("Delete for good", "确认删除");
    public static readonly LocalizedText ProbeNow = new("Probe now", "立即探测");
    public static readonly LocalizedText Probed = new("Probed by hand:", "手动探测结果：");
    public static readonly LocalizedText ManualNote = new("Only a clean success of a probe by hand counts; a failure wakes nobody.", "手动探测仅完全成功时计入状态；失败不会触发告警。");
    public static readonly LocalizedText Uptime = new("Uptime", "可用率");
    public static readonly LocalizedText UptimeOf = new("Uptime {0}: {1}", "{0} 可用率：{1}");
    public static readonly LocalizedText Range = new("Time range", "时间范围");
    public static readonly LocalizedText Hours1 = new("1 hour", "1 小时");
    public static readonly LocalizedText Hours24 = new("24 hours", "24 小时");
    public static readonly LocalizedText Days7 = new("7 days", "7 天");
    public static readonly LocalizedText Days30 = new("30 days", "30 天");
    public static readonly LocalizedText Days90 = new("90 days", "90 天");
    public static readonly LocalizedText LatencyChart = new("Latency", "延迟");
    public static readonly LocalizedText ChartText = new(
        "Latency over {0}: average {1}, highest {2}; {3} failures in {4} checks.", "{0} 内延迟：平均 {1}，最高 {2}；{4} 次检测中 {3} 次失败。");
    public static readonly LocalizedText ChartEmpty = new("Nothing was checked in this time.", "该时间段内没有检测数据。");
    public static readonly LocalizedText Average = new("average", "平均");
    public static readonly LocalizedText Highest = new("highest", "最高");
    public static readonly LocalizedText Failures = new("failures", "失败");
    public static readonly LocalizedText Warnings = new("warnings", "警告");
    public static readonly LocalizedText Checks = new("checks", "检测次数");
    public static readonly LocalizedText AsTable = new("As a table", "以表格查看");
    public static readonly LocalizedText BucketText = new("{0}: average {1}, highest {2}, {3} checks, {4} failures, {5} warnings", "{0}：平均 {1}，最高 {2}，检测 {3} 次，失败 {4} 次，警告 {5} 次");
    public static readonly LocalizedText BarText = new("{0}: {1} of {2} checks failed", "{0}：{2} 次检测中 {1} 次失败");
    public static readonly LocalizedText Metrics = new("Measured last", "最近测得");
    public static readonly LocalizedText NoMetrics = new("Nothing measured yet.", "暂无数据。");
    public static readonly LocalizedText NodeMap = new("Nodes", "节点");
    public static readonly LocalizedText NodesUp = new("{0} of {1} up", "{1} 个节点中 {0} 个正常");
    public static readonly LocalizedText NodeDown = new("down", "异常");
    public static readonly LocalizedText NodeUp = new("up", "正常");
    public static readonly LocalizedText NodeUnreachable = new("not reachable from here", "从此处不可达");
    public static readonly LocalizedText Notes = new("Notes", "备注");
    public static readonly LocalizedText Results = new("Results", "检测结果");
    public static readonly LocalizedText Outcome = new("Outcome", "结果");
    public static readonly LocalizedText Trigger = new("Why", "触发");
    public static readonly LocalizedText Where = new("Silo", "节点");
    public static readonly LocalizedText AllResults = new("All results", "全部结果");
    public static readonly LocalizedText OnlyFailures = new("Only what is no success", "仅非成功");
    public static readonly LocalizedText StoreHasIt = new("Only the store knows this, and it is away just now.", "这部分数据只在存储中，存储暂时不可用。");
    public static readonly LocalizedText NoResults = new("No results yet.", "暂无结果。");
    public static readonly LocalizedText TargetAlerts = new("Alerts", "告警");
    public static readonly LocalizedText NoAlerts = new("It has never alerted.", "从未告警。");
    public static readonly LocalizedText MoreAlerts = new("All its alerts", "全部告警");
    public static readonly LocalizedText Why = new("Why was I (not) told?", "为什么（没）通知我？");
    public static readonly LocalizedText Config = new("Settings", "配置");
    public static readonly LocalizedText Every = new("every {0}", "每 {0}");
    public static readonly LocalizedText Interval = new("Interval", "间隔");
    public static readonly LocalizedText Timeout = new("Timeout", "超时");
    public static readonly LocalizedText Thresholds = new("Failures to alert / successes to recover", "告警所需失败次数 / 恢复所需成功次数");
    public static readonly LocalizedText RetryInterval = new("Interval after a first failure", "首次失败后的间隔");
    public static readonly LocalizedText NotifyDegraded = new("Tells of warnings", "警告也通知");
    public static readonly LocalizedText Told = new("Channels", "通知渠道");
    public static readonly LocalizedText Changed = new("Changed", "修改");
    public static readonly LocalizedText Created = new("Created", "创建");
    public static readonly LocalizedText By = new("{0} by {1}", "{0}，{1}");
    public static readonly LocalizedText ExternalId = new("External id", "外部 ID");
    public static readonly LocalizedText InRow = new("Failures in a row", "连续失败");
    public static readonly LocalizedText MadeIt = new("Saved. It is probed within five seconds; this page follows by itself.", "已保存，五秒内开始探测，本页会自动更新。");
}
