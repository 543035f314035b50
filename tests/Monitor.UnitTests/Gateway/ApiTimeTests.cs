using Monitor.Gateway.Api;
using Xunit;

namespace Monitor.UnitTests.Gateway;

public sealed class ApiTimeTests
{
    [Theory]
    [InlineData("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000Z")]
    [InlineData("2026-01-31T08:00:00.1234567Z", "2026-01-31T08:00:00.123Z")]
    [InlineData("2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00.000Z")]
    [InlineData("2026-01-31T08:00:00 08:00", "2026-01-31T00:00:00.000Z")]
    [InlineData("2026-01-31T08:00:00-05:30", "2026-01-31T13:30:00.000Z")]
    [InlineData("2026-01-31", "2026-01-31T00:00:00.000Z")]
    public void Times_are_read_with_any_offset_and_written_in_utc_with_milliseconds(string text, string written) =>
        Assert.Equal(written, ApiTime.Text(ApiTime.Parse(text)!.Value));

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-02-30T00:00:00Z")]
    [InlineData("2026-01-31T25:00:00Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("1767225600")]
    public void What_is_no_time_is_none(string text) => Assert.Null(ApiTime.Parse(text));
}
