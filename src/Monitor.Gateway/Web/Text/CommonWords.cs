using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>Words of every page.</summary>
internal static class CommonWords
{
    public static readonly LocalizedText Product = new("Monitor", "Monitor 监控");
    public static readonly LocalizedText SkipToContent = new("Skip to content", "跳到正文");
    public static readonly LocalizedText MainNavigation = new("Main", "主导航");
    public static readonly LocalizedText Above = new("Where this belongs", "上级页面");
    public static readonly LocalizedText Overview = new("Overview", "总览");
    public static readonly LocalizedText Targets = new("Targets", "目标");
    public static readonly LocalizedText Alerts = new("Alerts", "告警");
    public static readonly LocalizedText Channels = new("Channels", "渠道");
    public static readonly LocalizedText Cluster = new("Cluster", "集群");
    public static readonly LocalizedText Settings = new("Settings", "设置");
    public static readonly LocalizedText DownNow = new("down now", "个目标异常");
    public static readonly LocalizedText Preferences = new("Preferences", "偏好");
    public static readonly LocalizedText LanguageName = new("Language", "语言");

    /// <summary>Each language by its own name, in every language.</summary>
    public static readonly LocalizedText LanguageNames = new("English", "中文");
    public static readonly LocalizedText ThemeName = new("Appearance", "外观");
    public static readonly LocalizedText ThemeAuto = new("System", "跟随系统");
    public static readonly LocalizedText ThemeLight = new("Light", "浅色");
    public static readonly LocalizedText ThemeDark = new("Dark", "深色");
    public static readonly LocalizedText RoleIs = new("Role: {0}", "角色：{0}");
    public static readonly LocalizedText ZoneIs = new("Times in {0}", "时区：{0}");
    public static readonly LocalizedText SignOut = new("Sign out", "退出登录");
    public static readonly LocalizedText ToOverview = new("To the overview", "返回总览");
    public static readonly LocalizedText LiveOn = new("Live", "实时");
    public static readonly LocalizedText LiveLost = new("Not live: connecting again", "实时连接中断，正在重连");
    public static readonly LocalizedText Name = new("Name", "名称");
    public static readonly LocalizedText Type = new("Type", "类型");
    public static readonly LocalizedText Group = new("Group", "分组");
    public static readonly LocalizedText Labels = new("Labels", "标签");
    public static readonly LocalizedText Status = new("Status", "状态");
    public static readonly LocalizedText Since = new("Since", "始于");
    public static readonly LocalizedText Message = new("Message", "信息");
    public static readonly LocalizedText Latency = new("Latency", "延迟");
    public static readonly LocalizedText LastCheck = new("Last check", "最近检测");
    public static readonly LocalizedText Endpoint = new("Endpoint", "地址");
    public static readonly LocalizedText Any = new("Any", "不限");
    public static readonly LocalizedText None = new("None", "无");
    public static readonly LocalizedText NoGroup = new("No group", "未分组");
    public static readonly LocalizedText Yes = new("yes", "是");
    public static readonly LocalizedText No = new("no", "否");
    public static readonly LocalizedText Edit = new("Edit", "编辑");
    public static readonly LocalizedText Delete = new("Delete", "删除");
    public static readonly LocalizedText Cancel = new("Cancel", "取消");
    public static readonly LocalizedText Save = new("Save", "保存");
    public static readonly LocalizedText Enable = new("Enable", "启用");
    public static readonly LocalizedText Disable = new("Disable", "禁用");
    public static readonly LocalizedText Enabled = new("Enabled", "已启用");
    public static readonly LocalizedText NextPage = new("Next page", "下一页");
    public static readonly LocalizedText FirstPage = new("First page", "第一页");
    public static readonly LocalizedText Apply = new("Apply", "应用");
    public static readonly LocalizedText Filter = new("Filter", "筛选");
    public static readonly LocalizedText Clear = new("Clear", "清除");
    public static readonly LocalizedText All = new("All", "全部");
    public static readonly LocalizedText Actions = new("Actions", "操作");
    public static readonly LocalizedText Select = new("Select", "选择");
    public static readonly LocalizedText Required = new("required", "必填");
    public static readonly LocalizedText Secret = new("secret", "密钥");
    public static readonly LocalizedText From = new("From", "从");
    public static readonly LocalizedText To = new("To", "到");
    public static readonly LocalizedText Time = new("Time", "时间");
    public static readonly LocalizedText AddRow = new("Add a row", "添加一行");
    public static readonly LocalizedText Details = new("Details", "详情");
    public static readonly LocalizedText StoreAway = new(
        "The store has not answered since {0}. What is shown is from this monitor's memory; probing and alerting go on. Changes and history must wait for the store.",
        "存储自 {0} 起没有应答。当前显示的是本监控内存中的内容；探测和告警照常进行，修改和历史数据需等存储恢复。");
    public static readonly LocalizedText Saved = new("Saved.", "已保存。");
}
