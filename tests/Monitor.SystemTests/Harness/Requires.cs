using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Harness;

/// <summary>What a test needs of the machine. Missing: the test is skipped and says why; where everything should be there (CI=true), it fails.</summary>
internal static class Requires
{
    /// <summary>A build server, where everything is there, and where nobody looks at pictures.</summary>
    public static bool Ci => Environment.GetEnvironmentVariable("CI") == "true";

    public static void Nginx() => Server(NginxServer.IsInstalled, "nginx is not installed (Debian: nginx-light)");

    public static void Redis() => Server(RedisServer.IsInstalled, "redis-server is not installed (Debian: redis-server, redis-tools)");

    /// <summary>Nodes that a test starts, breaks and ends itself.</summary>
    public static void Cassandra() => Server(CassandraServers.Program is not null, "no Cassandra to start: ../shared/servers/cassandra or Java is absent");

    /// <summary>Contact points of a cluster that is up: nodes of our own, or those that MONITOR_TEST_CASSANDRA names (host:port, separated by commas).</summary>
    public static string[]? CassandraElsewhere()
    {
        var elsewhere = Environment.GetEnvironmentVariable("MONITOR_TEST_CASSANDRA")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Server(CassandraServers.Program is not null || elsewhere is { Length: > 0 }, "no Cassandra: ../shared/servers/cassandra or Java is absent, and MONITOR_TEST_CASSANDRA is not set");
        return CassandraServers.Program is null ? elsewhere : null;
    }

    public static void Postgres() => Server(PostgresServer.IsInstalled, "PostgreSQL is not installed (Debian: postgresql)");

    /// <summary>For a server that has its own clock.</summary>
    public static void ServersClock() => Server(PostgresServer.CanHaveOwnClock, "no C compiler for the server's clock (Debian: gcc, libc6-dev)");

    public static void PgBouncer() => Server(Tests.Shared.PgBouncer.IsInstalled, "pgbouncer is not installed (Debian: pgbouncer)");

    public static void Command(string name, string package) => Server(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, name))),
        $"{name} is not installed (Debian: {package})");

    /// <param name="missing">Why there is none; null: there is one.</param>
    public static void Kafka(string? missing) => Server(missing is null, missing ?? "");

    /// <summary>A right, not a server: a build machine may lack it, too.</summary>
    public static void Root(string why) => Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: " + why);

    private static void Server(bool there, string reason)
    {
        if (!there && Ci)
        {
            Assert.Fail("required with CI=true: " + reason);
        }

        Assert.SkipUnless(there, reason);
    }
}
