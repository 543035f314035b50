using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Harness;

/// <summary>What a test needs of the machine. Missing: the test is skipped and says why; where everything should be there (CI=true), it fails.</summary>
internal static class Requires
{
    public static void Nginx() => Server(NginxServer.IsInstalled, "nginx is not installed (Debian: nginx-light)");

    public static void Postgres() => Server(PostgresServer.IsInstalled, "PostgreSQL is not installed (Debian: postgresql)");

    public static void PgBouncer() => Server(Tests.Shared.PgBouncer.IsInstalled, "pgbouncer is not installed (Debian: pgbouncer)");

    public static void Command(string name, string package) => Server(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, name))),
        $"{name} is not installed (Debian: {package})");

    /// <summary>A right, not a server: a build machine may lack it, too.</summary>
    public static void Root(string why) => Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: " + why);

    private static void Server(bool there, string reason)
    {
        if (!there && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail("required with CI=true: " + reason);
        }

        Assert.SkipUnless(there, reason);
    }
}
