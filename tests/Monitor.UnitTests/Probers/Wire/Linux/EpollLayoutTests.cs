using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Monitor.Probers.Wire;
using Monitor.Probers.Wire.Linux;
using Xunit;

namespace Monitor.UnitTests.Probers.Wire.Linux;

/// <summary>What is handed to the kernel byte by byte.</summary>
public sealed class EpollLayoutTests
{
    [Theory]
    [InlineData(Architecture.X64, "04000040" + "EFCDAB8967452301")]
    [InlineData(Architecture.Arm64, "04000040" + "00000000" + "EFCDAB8967452301")]
    public void An_event_is_packed_on_x64_and_aligned_elsewhere(Architecture architecture, string expected)
    {
        var layout = EpollLayout.Of(architecture);
        var bytes = new byte[layout.Size];
        layout.Write(bytes, 0x40000004, 0x0123456789ABCDEF);
        Assert.Equal(expected, Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Each_of_many_events_gives_its_own_id(Architecture architecture)
    {
        var layout = EpollLayout.Of(architecture);
        var bytes = new byte[layout.Size * 3];
        for (var i = 0; i < 3; i++)
        {
            layout.Write(bytes.AsSpan(i * layout.Size), uint.MaxValue, ulong.MaxValue - (uint)i);
        }

        Assert.Equal([ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue - 2], Enumerable.Range(0, 3).Select(i => layout.Id(bytes, i)));
    }

    /// <summary>The addresses are the runtime's own bytes; Linux wants exactly these.</summary>
    [Theory]
    [InlineData("192.0.2.7", 8080, "0200" + "1F90" + "C0000207" + "0000000000000000")]
    [InlineData("2001:db8::7", 443, "0A00" + "01BB" + "00000000" + "20010DB8000000000000000000000007" + "00000000")]
    [InlineData("fe80::7%5", 443, "0A00" + "01BB" + "00000000" + "FE800000000000000000000000000007" + "05000000")]
    public void An_address_has_its_family_port_and_scope_where_the_kernel_looks(string address, int port, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the bytes are this system's");
        var bytes = new IPEndPoint(IPAddress.Parse(address), port).Serialize();
        Assert.Equal(expected, Convert.ToHexString(bytes.Buffer.Span[..bytes.Size]));
    }

    [Theory]
    [InlineData(24, SocketError.TooManyOpenSockets, true)]
    [InlineData(23, SocketError.TooManyOpenSockets, true)]
    [InlineData(12, SocketError.NoBufferSpaceAvailable, true)]
    [InlineData(28, SocketError.NoBufferSpaceAvailable, true)]
    [InlineData(105, SocketError.NoBufferSpaceAvailable, true)]
    [InlineData(99, SocketError.AddressNotAvailable, true)]
    [InlineData(97, SocketError.AddressFamilyNotSupported, true)]
    [InlineData(13, SocketError.AccessDenied, true)]
    [InlineData(1, SocketError.AccessDenied, true)]
    [InlineData(100, SocketError.NetworkDown, true)]
    [InlineData(111, SocketError.ConnectionRefused, false)]
    [InlineData(110, SocketError.TimedOut, false)]
    [InlineData(113, SocketError.HostUnreachable, false)]
    [InlineData(112, SocketError.HostDown, false)]
    [InlineData(104, SocketError.ConnectionReset, false)]
    [InlineData(71, SocketError.SocketError, false)]
    public void An_error_number_has_the_runtimes_name_and_what_this_machine_lacks_is_its_own_trouble(int number, SocketError error, bool own)
    {
        Assert.Equal(error, Errno.Of(number));
        Assert.Equal(own, SocketFaults.OwnTrouble(error) is not null);
    }
}
