using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>Words of forms.</summary>
internal static class FormWords
{
    public static readonly LocalizedText GroupPlace = new("Where", "位置");
    public static readonly LocalizedText GroupLogin = new("Who asks", "身份");
    public static readonly LocalizedText GroupExpect = new("What is expected", "期望");
    public static readonly LocalizedText GroupLimits = new("Limits", "阈值");
    public static readonly LocalizedText GroupTls = new("TLS", "TLS 加密");
    public static readonly LocalizedText GroupMore = new("More", "更多");
    public static readonly LocalizedText Errors = new("This is not right yet:", "以下内容需要修改：");
    public static readonly LocalizedText SecretStored = new("stored; leave empty to keep it", "已保存；留空则保持不变");
    public static readonly LocalizedText SecretTyped = new("typed; leave empty to keep it", "已输入；留空则保持不变");
    public static readonly LocalizedText SecretClear = new("Remove it", "清除");
    public static readonly LocalizedText NotSet = new("not set", "未设置");
    public static readonly LocalizedText DefaultIs = new("Default: {0}", "默认：{0}");
    public static readonly LocalizedText OnePerLine = new("One a line.", "每行一个。");
    public static readonly LocalizedText AsJson = new("As JSON.", "JSON 格式。");
    public static readonly LocalizedText RowName = new("{0}: name", "{0}：名称");
    public static readonly LocalizedText RowValue = new("{0}: value", "{0}：值");
    public static readonly LocalizedText Off = new("off", "关闭");
    public static readonly LocalizedText On = new("on", "开启");
    public static readonly LocalizedText ByDefault = new("as usual for this type", "按该类型默认");
    public static readonly LocalizedText OnlyWhenOn = new("These count only when it is on.", "仅在开启时生效。");
    public static readonly LocalizedText NewTitle = new("New target", "新建目标");
    public static readonly LocalizedText EditTitle = new("Edit {0}", "编辑 {0}");
    public static readonly LocalizedText ChooseType = new("What is to be watched?", "要监控什么？");
    public static readonly LocalizedText Basics = new("Basics", "基本");
    public static readonly LocalizedText When = new("How often, and when it counts", "频率与判定");
    public static readonly LocalizedText WhoIsTold = new("Who is told", "通知谁");
    public static readonly LocalizedText ToldDefault = new("The default channels", "默认渠道");
    public static readonly LocalizedText ToldThese = new("These:", "指定渠道：");
    public static readonly LocalizedText ToldNobody = new("None checked: nobody is told.", "一个都不选：不通知任何人。");
    public static readonly LocalizedText NoDefault = new("no channel is a default now: nobody is told", "当前没有默认渠道：不通知任何人");
    public static readonly LocalizedText NoChannels = new("There is no channel yet. Add one first, or nobody is told.", "还没有渠道。请先添加，否则不会通知任何人。");
    public static readonly LocalizedText ChannelIsOff = new("(disabled)", "（已禁用）");
    public static readonly LocalizedText TryIt = new("Try it", "试一下");
    public static readonly LocalizedText TryHint = new("Probes once with what stands in the form. Nothing is stored, nobody is told.", "用表单中的内容探测一次，不保存，也不通知。");
    public static readonly LocalizedText TryResult = new("What it answered", "探测结果");
    public static readonly LocalizedText NotTried = new("Not tried yet.", "尚未尝试。");
    public static readonly LocalizedText OtherType = new("Another type", "更换类型");
    public static readonly LocalizedText ToldWarnings = new("Warnings", "警告");
    public static readonly LocalizedText ApiName = new("in the API: {0}", "API 字段：{0}");
    public static readonly LocalizedText NewChannel = new("New channel", "新建渠道");
    public static readonly LocalizedText Templates = new("Message texts and language", "消息模板与语言");
}
