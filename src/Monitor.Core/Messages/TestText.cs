using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>The message that a person sends to see whether a channel works.</summary>
public static class TestText
{
    public static string Markdown(string channelName, DateTimeOffset now, MessageOptions options)
    {
        var name = SafeText.Line(channelName);
        return new LocalizedText(
            $"### Test message\n> Channel: {name}\n> Monitor can reach this group.\n> Time: {options.Time(now)}",
            $"### 测试消息\n> 渠道: {name}\n> 监控可以向本群发送通知。\n> 时间: {options.Time(now)}").In(options.Language);
    }
}
