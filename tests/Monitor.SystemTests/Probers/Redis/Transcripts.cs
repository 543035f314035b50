namespace Monitor.SystemTests.Probers.Redis;

/// <summary>Answers as servers give them, shortened.</summary>
internal static class Transcripts
{
    /// <summary>To PING and five sections of INFO.</summary>
    public static readonly string Standalone = "+PONG\r\n"
        + Bulk("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nuptime_in_seconds:77\r\n")
        + Bulk("# Clients\r\nconnected_clients:3\r\nmaxclients:10000\r\n")
        + Bulk("# Memory\r\nused_memory:12345\r\nmaxmemory:0\r\n")
        + Bulk("# Stats\r\ninstantaneous_ops_per_sec:4\r\n")
        + Bulk("# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_repl_offset:0\r\n");

    public static string Bulk(string text) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"${text.Length}\r\n{text}\r\n");
}
