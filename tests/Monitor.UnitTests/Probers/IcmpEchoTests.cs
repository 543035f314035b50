using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Probing;
using Monitor.Probers.Ping;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers;

public sealed class IcmpEchoTests
{
    [Fact]
    public void A_datagram_sockets_answer_is_read_as_it_was_captured()
    {
        var reply = IcmpEcho.ParseReply(Convert.FromHexString("00002525AEA9000108090A0B0C0D0E0F"), v6: false, hasIpHeader: false);
        Assert.Equal(new EchoReply(0xAEA9, 1, 0x08090A0B0C0D0E0F, 8, null), reply);
    }

    [Fact]
    public void An_ipv6_answer_is_read_as_it_was_captured()
    {
        var reply = IcmpEcho.ParseReply(Convert.FromHexString("8100A3D7AEAA000108090A0B0C0D0E0F"), v6: true, hasIpHeader: false);
        Assert.Equal(new EchoReply(0xAEAA, 1, 0x08090A0B0C0D0E0F, 8, null), reply);
    }

    [Fact]
    public void Our_own_request_seen_on_loopback_is_no_answer()
    {
        const string Captured = "450000248D0440004001AFD27F0000017F0000010800B99A1234000108090A0B0C0D0E0F";
        Assert.Null(IcmpEcho.ParseReply(Convert.FromHexString(Captured), v6: false, hasIpHeader: true));
        var answer = Convert.FromHexString(Captured.Replace("0800B99A", "0000C19A", StringComparison.Ordinal));
        Assert.Equal(new EchoReply(0x1234, 1, 0x08090A0B0C0D0E0F, 8, 64), IcmpEcho.ParseReply(answer, v6: false, hasIpHeader: true));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(64)]
    public void A_request_carries_a_checksum_that_adds_up(int size)
    {
        var packet = new byte[size];
        IcmpEcho.WriteRequest(packet, v6: false, 0x1234, 7, 0x0102030405060708);
        Assert.Equal([8, 0], packet[..2]);
        Assert.Equal([0x12, 0x34, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8], packet[4..16]);
        Assert.Equal(0, IcmpEcho.Checksum(packet));
    }

    [Fact]
    public void Random_packets_are_answers_or_nothing() =>
        Check.QuickThrowOnFailure(Prop.ForAll((byte[] packet, bool v6, bool header) =>
            IcmpEcho.ParseReply(packet, v6, header) is null or { PayloadSize: >= 8 }));

    [Theory]
    [InlineData(3, 3, null, "")]
    [InlineData(3, 2, null, "")]
    [InlineData(3, 1, null, "loss 66.667% > warn_loss_percent 50 (1 of 3 packets answered)")]
    [InlineData(2, 1, null, "")]
    [InlineData(3, 0, "timeout: no answer from 10.0.0.5; loss 100% > max_loss_percent 99 (0 of 3 packets answered)", "")]
    public void Losses_are_judged_strictly_beyond_their_limits(int sent, int answered, string? failure, string warning)
    {
        var run = new ProbeRun(new FakeTime(), TimeSpan.FromSeconds(5));
        var count = new EchoCount { Sent = sent };
        for (var i = 0; i < answered; i++)
        {
            count.Add(TimeSpan.FromMilliseconds(i + 1), 64);
        }

        var fault = count.Judge(run, new PingConfig { Host = "h" }, "10.0.0.5");
        Assert.Equal(failure, fault?.ToResult(ProbeMetrics.Empty, TimeSpan.Zero).Message);
        Assert.Equal(warning, string.Concat(run.Warnings));
    }

    [Fact]
    public void What_the_network_reported_is_told()
    {
        var count = new EchoCount { Sent = 3, Report = "host unreachable" };
        var fault = count.Judge(new ProbeRun(new FakeTime(), TimeSpan.FromSeconds(5)), new PingConfig { Host = "h" }, "10.0.0.5");
        Assert.Equal(FailureStage.Connect, fault!.Stage);
        Assert.StartsWith("host unreachable (10.0.0.5); loss 100%", fault.Message, StringComparison.Ordinal);
    }
}
