using System.Globalization;
using System.Text.RegularExpressions;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Harness;

/// <summary>What a person learns from one line of one message: this episode of this target began, or is over.</summary>
/// <param name="Timestamp">Of the message's arrival.</param>
internal sealed record Notice(long Target, int Episode, bool Resolved, long Timestamp)
{
    public string Reference => string.Create(CultureInfo.InvariantCulture, $"#{Target}-{Episode}");

    private static readonly string[] Firing = ["firing", "告警"];
    private static readonly string[] Over = ["resolved", "recovered", "no longer monitored", "恢复", "已停止监控"];

    /// <summary>In the order of arrival. A digest holds several, each on its line; one line that says both (it began, and is over already) is two.</summary>
    public static IEnumerable<Notice> In(IEnumerable<RobotMessage> messages) => messages.SelectMany(In);

    private static IEnumerable<Notice> In(RobotMessage message)
    {
        foreach (Match reference in Regex.Matches(message.Content, @"#(?<target>\d+)-(?<episode>\d+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
        {
            // A digest's line says it before the reference; else the title does. What the target itself said may hold any word and is not looked at.
            var line = message.Content[(message.Content.LastIndexOf('\n', reference.Index) + 1)..reference.Index];
            var said = Says(line, Firing) || Says(line, Over) ? line : message.Content.Split('\n')[0];
            var first = new Notice(
                long.Parse(reference.Groups["target"].ValueSpan, CultureInfo.InvariantCulture),
                int.Parse(reference.Groups["episode"].ValueSpan, CultureInfo.InvariantCulture),
                Says(said, Over),
                message.Timestamp);
            if (first.Resolved && Says(said, Firing))
            {
                yield return first with { Resolved = false };
            }

            yield return first;
        }
    }

    private static bool Says(string text, string[] words) => words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
