using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Messages;
using Monitor.Core.Text;
using Xunit;

namespace Monitor.UnitTests.Messages;

public sealed class ByteCutTests
{
    [Theory]
    [InlineData("告警告警", 12, "告警告警")]
    [InlineData("告警告警", 11, "告警…")]
    [InlineData("abcdef", 5, "ab…")]
    [InlineData("a👨‍👩‍👧b", 20, "a👨‍👩‍👧b")]
    [InlineData("a👨‍👩‍👧b", 19, "a…")]
    [InlineData("e\u0301e\u0301", 5, "…")]
    [InlineData("abc", 2, "")]
    public void Text_is_cut_between_characters(string text, int bytes, string expected) => Assert.Equal(expected, ByteCut.To(text, bytes));

    [Fact]
    public void Twelve_thousand_bytes_of_Chinese_become_4095() =>
        Assert.Equal((4095, 1365), (Encoding.UTF8.GetByteCount(ByteCut.To(Long, 4096)), ByteCut.To(Long, 4096).Length));

    [Fact]
    public void A_character_of_a_thousand_marks_is_cut_inside() =>
        Assert.InRange(ByteCut.Count(ByteCut.To("a" + new string('\u0301', 1000), 300)), 298, 300);

    [Fact]
    public void The_limit_holds_for_any_text() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Seeds.Any, static seed =>
        {
            var random = new Random(seed);
            var text = AlertTextTests.Wild(random, 400);
            var most = random.Next(0, 500);
            var cut = ByteCut.To(text, most);
            Assert.True(ByteCut.Count(cut) <= most);
            Assert.True(cut == text || cut.Length == 0 || text.StartsWith(cut[..^1], StringComparison.Ordinal));
        }));

    [Theory]
    [InlineData(-5, "不到 1 秒", "less than a second")]
    [InlineData(0.9, "不到 1 秒", "less than a second")]
    [InlineData(1, "1 秒", "1 second")]
    [InlineData(90, "1 分钟 30 秒", "1 minute 30 seconds")]
    [InlineData(3600, "1 小时", "1 hour")]
    [InlineData(7384, "2 小时 3 分钟", "2 hours 3 minutes")]
    [InlineData(86400 * 3 + 7200, "3 天 2 小时", "3 days 2 hours")]
    [InlineData(86400 + 60, "1 天", "1 day")]
    public void Durations_read_as_people_say_them(double seconds, string chinese, string english)
    {
        Assert.Equal(chinese, DurationText.Of(TimeSpan.FromSeconds(seconds), Language.Chinese));
        Assert.Equal(english, DurationText.Of(TimeSpan.FromSeconds(seconds), Language.English));
    }

    private static string Long => string.Concat(Enumerable.Repeat("告警", 2000));
}
