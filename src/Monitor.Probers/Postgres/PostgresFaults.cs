using System.Net.Sockets;
using Monitor.Core.Configs.Postgres;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;
using Npgsql;

namespace Monitor.Probers.Postgres;

/// <summary>What Npgsql's exceptions mean.</summary>
internal static class PostgresFaults
{
    /// <param name="relay">Knows how far the login had come, and what was wrong with the server's bytes.</param>
    public static WireFault Of(Exception e, ServerRelay relay, ProbeRun run, PostgresConfig config)
    {
        if (e is PostgresException refused)
        {
            return relay.Step == LoginStep.Ready
                ? WireFault.Protocol($"{run.WaitingFor} was refused: {Text(refused, config.Secrets)}")
                : new WireFault(FailureStage.Authentication, Login(refused, config));
        }

        if (relay.Fault is { } fault)
        {
            return fault;
        }

        if (SocketError(e) is { } error && SocketFaults.OwnTrouble(error) is { } own)
        {
            return WireFault.Own(own);
        }

        var words = WireText.Snippet(e.Message, config.Secrets);
        return relay.Step is LoginStep.Ready or LoginStep.Nothing
            ? WireFault.Protocol($"the server's answer is not understood: {words}")
            : new WireFault(FailureStage.Authentication, $"the login did not succeed: {words}");
    }

    /// <summary>The server's words and its code, on one line, without secrets.</summary>
    public static string Text(PostgresException e, IReadOnlyList<string> secrets)
    {
        var text = WireText.Redacted(e.MessageText, secrets).ReplaceLineEndings(" ").Trim();
        var shown = string.Concat((text.Length <= 300 ? text : text[..300] + "…").Where(c => !char.IsControl(c)));
        return $"{shown} ({Code(e.SqlState)})";
    }

    /// <summary>Everything that is said instead of letting the user in.</summary>
    private static string Login(PostgresException e, PostgresConfig config)
    {
        var what = e.SqlState switch
        {
            PostgresErrorCodes.TooManyConnections => "too many connections, none is left for this user",
            PostgresErrorCodes.CannotConnectNow => "the server is up, but takes no connections now",
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => "the server is shutting down",
            PostgresErrorCodes.InvalidPassword => config.Password is null ? "a password is needed" : "wrong user or password",
            PostgresErrorCodes.InvalidAuthorizationSpecification => "not permitted by the server (pg_hba.conf, or no such user)",
            PostgresErrorCodes.InvalidCatalogName => "no such database",
            PostgresErrorCodes.InsufficientPrivilege => "the user may not connect to this database",
            _ => "the server refused the login",
        };
        return $"{what}: {Text(e, config.Secrets)}";
    }

    private static string Code(string state) => state.Length <= 5 && state.All(char.IsAsciiLetterOrDigit) ? state : "no SQLSTATE";

    private static SocketError? SocketError(Exception e) => ((e as SocketException) ?? (e.InnerException as SocketException))?.SocketErrorCode;
}
