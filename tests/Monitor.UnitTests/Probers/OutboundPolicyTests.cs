using System.Net;
using System.Net.Sockets;
using Monitor.Core.Configs;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers;

public sealed class OutboundPolicyTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    public void Without_lists_only_metadata_link_local_multicast_and_nowhere_are_denied(string address, bool allowed) =>
        Assert.Equal(allowed, OutboundPolicy.Default.Refusal(IPAddress.Parse(address)) is null);

    [Fact]
    public void A_deny_entry_wins_over_an_allow_entry_and_an_allow_list_is_all_that_is_allowed()
    {
        var policy = new OutboundPolicy([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("169.254.1.0/24")], [IPNetwork.Parse("10.9.0.0/16")]);
        Assert.Null(policy.Refusal(IPAddress.Parse("10.1.2.3")));
        Assert.Null(policy.Refusal(IPAddress.Parse("169.254.1.1")));
        Assert.Equal("10.9.0.1 is denied by Outbound:Deny", policy.Refusal(IPAddress.Parse("::ffff:10.9.0.1")));
        Assert.Equal("192.168.0.1 is not in Outbound:Allow", policy.Refusal(IPAddress.Parse("192.168.0.1")));
    }

    [Fact]
    public async Task Of_several_addresses_the_denied_ones_are_left_out_and_families_take_turns()
    {
        var names = new FixedNames("10.0.0.1", "169.254.169.254", "10.0.0.2", "2001:db8::1");
        var dialer = new Dialer(new FakeTime(), names, OutboundPolicy.Default);
        var found = await dialer.ResolveAsync(new ProbeRun(new FakeTime(), TimeSpan.Zero), "h.test", IpFamily.Auto, TestContext.Current.CancellationToken);
        Assert.Equal(["10.0.0.1", "2001:db8::1", "10.0.0.2"], found.Value!.Select(address => address.ToString()));
    }

    [Fact]
    public async Task An_address_is_not_looked_up()
    {
        var names = new FixedNames();
        var run = new ProbeRun(new FakeTime(), TimeSpan.Zero);
        var found = await new Dialer(new FakeTime(), names, OutboundPolicy.Default).ResolveAsync(run, "10.0.0.1", IpFamily.Auto, TestContext.Current.CancellationToken);
        Assert.Equal("10.0.0.1", Assert.Single(found.Value!).ToString());
        Assert.Equal(0, names.Asked);
        Assert.Equal(TimeSpan.Zero, run.Dns);
    }

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets)]
    [InlineData(SocketError.AddressNotAvailable)]
    [InlineData(SocketError.AccessDenied)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    [InlineData(SocketError.NetworkDown)]
    public void What_this_machine_lacks_is_never_the_targets_failure(SocketError error)
    {
        var result = SocketFaults.OfConnect(error, "10.0.0.1:80").ToResult(ProbeMetrics.Empty, TimeSpan.Zero);
        Assert.Equal(ProbeOutcome.Skipped, result.Outcome);
        Assert.StartsWith("this monitor", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "connect: connection refused (10.0.0.1:80)")]
    [InlineData(SocketError.HostUnreachable, "connect: host unreachable (10.0.0.1:80)")]
    public void What_the_other_side_answers_is(SocketError error, string message) =>
        Assert.Equal(message, SocketFaults.OfConnect(error, "10.0.0.1:80").ToResult(ProbeMetrics.Empty, TimeSpan.Zero).Message);

    private sealed class FixedNames(params string[] addresses) : INameResolver
    {
        public int Asked { get; private set; }

        public ValueTask<Outcome<IPAddress[]>> ResolveAsync(string name, CancellationToken cancellationToken)
        {
            Asked++;
            return ValueTask.FromResult<Outcome<IPAddress[]>>(Array.ConvertAll(addresses, IPAddress.Parse));
        }
    }
}
