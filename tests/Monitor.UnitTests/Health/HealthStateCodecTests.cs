using Monitor.Core.Health;
using Xunit;

namespace Monitor.UnitTests.Health;

public sealed class HealthStateCodecTests
{
    private static readonly HealthState Full = new()
    {
        Type = "http",
        Status = HealthStatus.Unhealthy,
        StatusSince = HistoryNotation.At(3),
        ConsecutiveFailures = 4,
        Recoveries = 1,
        ConsecutiveWarnings = 2,
        CleanRuns = 1,
        FailingSince = HistoryNotation.At(1),
        WarningSince = HistoryNotation.At(2),
        Outage = new OpenEpisode(2, HistoryNotation.At(1), HistoryNotation.At(3), 4, [1, 9]) { Message = "connect: 拒绝连接" },
        Warning = new OpenEpisode(1, HistoryNotation.At(0), HistoryNotation.At(2), 3, []),
        LastEpisode = 2,
    };

    [Fact]
    public void Every_field_comes_back()
    {
        var back = HealthStateCodec.Decode(HealthStateCodec.Encode(Full));

        Assert.Equal(Full with { Outage = null, Warning = null }, back with { Outage = null, Warning = null });
        Assert.Equal(Full.Outage!.ChannelIds, back.Outage!.ChannelIds);
        Assert.Equal(Full.Outage with { ChannelIds = [] }, back.Outage with { ChannelIds = Array.Empty<long>() });
        Assert.Equal(HealthStateCodec.Encode(Full), HealthStateCodec.Encode(back));
    }

    [Fact]
    public void A_state_without_anything_open_is_short() =>
        Assert.True(HealthStateCodec.Encode(HealthState.New("http", HistoryNotation.Start)).Length < 100);

    [Fact]
    public void A_newer_format_is_refused_by_its_number()
    {
        var newer = HealthStateCodec.Encode(Full).Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal);

        Assert.Contains("format 2", Assert.Throws<FormatException>(() => HealthStateCodec.Decode(newer)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"format\":1}")]
    [InlineData("{\"format\":1,\"state\":{}}")]
    [InlineData("{\"format\":1,\"state\":{\"type\":\"http\",\"status\":\"nonsense\",\"status_since\":\"2026-01-01T00:00:00+00:00\"}}")]
    public void What_is_no_state_is_refused(string text) => Assert.Throws<FormatException>(() => HealthStateCodec.Decode(text));
}
