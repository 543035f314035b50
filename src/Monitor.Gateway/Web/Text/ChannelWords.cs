using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

internal static class ChannelWords
{
    public static readonly LocalizedText None = new("There is no channel yet: nobody is told of anything.", "还没有渠道：不会通知任何人。");
    public static readonly LocalizedText Default = new("default", "默认");
    public static readonly LocalizedText MentionsAll = new("mentions everybody", "提醒所有人");
    public static readonly LocalizedText SendTest = new("Send a test message", "发送测试消息");
    public static readonly LocalizedText TestSent = new("The test message has arrived.", "测试消息已送达。");
    public static readonly LocalizedText TestFailed = new("The test message was not accepted.", "测试消息未被接受。");
    public static readonly LocalizedText TestAdvice = new(
        "Compare the webhook's key with the robot's in its group; 93000 means that there is no such robot.", "请核对 Webhook 的 key 与群机器人是否一致；93000 表示机器人不存在。");
    public static readonly LocalizedText HttpStatus = new("HTTP status", "HTTP 状态码");
    public static readonly LocalizedText Answer = new("The whole answer", "完整应答");
    public static readonly LocalizedText DeleteAsk = new("Delete the channel {0}?", "确定删除渠道 {0}？");
    public static readonly LocalizedText HowToGet = new(
        "In the WeCom group: group settings, group robots, add one, copy its webhook address.", "在企业微信群中：群设置 → 群机器人 → 添加机器人，复制其 Webhook 地址。");
}
