using System.Net.Sockets;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Xunit;

namespace Monitor.SystemTests.Probers;

[Collection(Alone.Name)]
public sealed class CassandraLeftoversTests(CassandraRing ring)
{
    [Fact]
    public async Task A_thousand_probes_of_a_real_ring_leave_nothing_behind()
    {
        Requires.Cassandra();
        var servers = await ring.WholeAsync(TestContext.Current.CancellationToken);
        await Leftovers.NoneAsync(
            new CassandraBench().Prober, new { contact_points = new[] { servers.Address(0), servers.Address(2) } }, result => Assert.True(result.IsClean, CassandraBench.Told(result)));
    }

    [Fact]
    public async Task Probes_that_end_badly_leave_nothing_behind()
    {
        await using var silent = ScriptedServer.Start((stream, token) => stream.CopyToAsync(Stream.Null, token));
        await using var torn = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync(new byte[] { 0x84, 0, 0x0D, 0x0A, 6, 0, 0, 1, 0, 7 }, token);
            ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null, token);
        });
        await using var refusing = ScriptedCql.Node([6]);
        var contacts = new[] { refusing.Port, torn.Port, silent.Port }.Select(port => $"127.0.0.1:{port}").ToArray();
        await Leftovers.NoneAsync(new CassandraBench().Prober, new { contact_points = contacts }, result => Assert.Equal(ProbeOutcome.Failed, result.Outcome), probes: 100, timeoutSeconds: 0.2);
    }
}
