using System.Globalization;
using System.Text.RegularExpressions;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Harness;

/// <summary>What a person learns from one line of one message: this episode of this target began, or is over.</summary>
/// <param name="Timestamp">Of the message's arrival.</param>
internal sealed record Notice(long Target, int Episode, bool Resolved, long Timestamp)
{
    public string Reference => string.Create(CultureInfo.InvariantCulture, $"#{Target}-{Episode}");

    /// <summary>In the order of arrival. A digest holds several, each on its line; another message holds one.</summary>
    public static IEnumerable<Notice> In(IEnumerable<RobotMessage> messages) => messages.SelectMany(message =>
    {
        var found = Regex.Matches(message.Content, @"#(?<target>\d+)-(?<episode>\d+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return found.Select(reference => new Notice(
            long.Parse(reference.Groups["target"].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(reference.Groups["episode"].ValueSpan, CultureInfo.InvariantCulture),
            SaysItIsOver(found.Count == 1 ? message.Content : LineAround(message.Content, reference.Index)),
            message.Timestamp));
    });

    private static bool SaysItIsOver(string text)
    {
        // The first line is the title: what a target itself said, further down, may hold any word.
        var title = text.Split('\n')[0];
        return Over.Any(word => title.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static readonly string[] Over = ["resolved", "recovered", "no longer monitored", "恢复", "已停止监控"];

    private static string LineAround(string text, int index)
    {
        var from = text.LastIndexOf('\n', index) + 1;
        var to = text.IndexOf('\n', index);
        return to < 0 ? text[from..] : text[from..to];
    }
}
