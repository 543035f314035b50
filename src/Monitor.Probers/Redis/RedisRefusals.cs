using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>What a server's refusals mean: which stage, and in words that say what to do.</summary>
internal static class RedisRefusals
{
    /// <summary>What was refused before PING: the connection, the login or the database; null: nothing.</summary>
    public static WireFault? Before(FirstBatch batch, RedisInfo info, RedisConfig config)
    {
        var login = batch.Ping - (batch.Selects ? 1 : 0) > 0 ? batch.Answers[0] : default;
        if (login.IsError && OfConnection(login, config) is { } shut)
        {
            return shut;
        }

        // The password is that of the servers behind the sentinels, which need none themselves.
        if (login.IsError && !(HasNoPassword(login) && batch.Kind == NodeKind.Any && info.Mode == "sentinel"))
        {
            return OfLogin(login, config);
        }

        var select = batch.Selects ? batch.Answers[batch.Ping - 1] : default;
        return select.IsError && !select.IsErrorOf("NOPERM"u8) && !IsNotReady(select) && !(batch.Kind == NodeKind.Any && info.Mode == "sentinel")
            ? OfConnection(select, config) ?? OfAccess(select, config) ?? WireFault.Protocol($"database {config.Database} was refused: {Said(select, config)}")
            : null;
    }

    /// <summary>Null: PONG, or an error of a server that is not ready.</summary>
    public static WireFault? OfPing(in RespValue ping, RedisConfig config) => ping.Kind switch
    {
        RespKind.Error => OfConnection(ping, config) ?? OfAccess(ping, config),
        RespKind.Text when ping.Bytes.SequenceEqual("PONG"u8) => null,
        RespKind.Missing => null,
        _ => WireFault.Protocol($"PING was not answered with PONG but with {WireText.Snippet(ping.Text, config.Secrets)}"),
    };

    /// <summary>On one line, at most a hundred characters, without secrets.</summary>
    public static string Said(in RespValue error, RedisConfig config) => WireText.Snippet(error.Text, config.Secrets).Trim('"');

    /// <summary>Refused whoever comes.</summary>
    private static WireFault? OfConnection(in RespValue error, RedisConfig config)
    {
        if (error.IsErrorOf("ERR max number of clients"u8))
        {
            return WireFault.Protocol($"the server takes no more connections: {Said(error, config)}");
        }

        return error.IsErrorOf("DENIED"u8)
            ? new WireFault(FailureStage.Authentication, $"the server is in protected mode, which takes connections from its own machine only until a password is set: {Said(error, config)}")
            : null;
    }

    private static WireFault? OfAccess(in RespValue error, RedisConfig config)
    {
        if (error.IsErrorOf("NOAUTH"u8) || error.IsErrorOf("ERR operation not permitted"u8))
        {
            return new WireFault(FailureStage.Authentication, $"the server wants a password and none is configured: {Said(error, config)}");
        }

        return error.IsErrorOf("NOPERM"u8)
            ? new WireFault(FailureStage.Authentication, $"the user may not PING (grant +ping): {Said(error, config)}")
            : null;
    }

    private static WireFault OfLogin(in RespValue error, RedisConfig config)
    {
        var why = error.IsErrorOf("WRONGPASS"u8) || error.IsErrorOf("ERR invalid password"u8) ? "wrong username or password, or the user is disabled"
            : HasNoPassword(error) ? "the server has no password set, but one is configured"
            : error.IsErrorOf("ERR wrong number of arguments"u8) ? "the server is older than 6.0 and knows no username"
            : "the login was refused";
        return new WireFault(FailureStage.Authentication, $"{why}: {Said(error, config)}");
    }

    /// <summary>6.0 and newer say the first, older ones the second.</summary>
    private static bool HasNoPassword(in RespValue error) => error.IsErrorOf("ERR AUTH"u8) || error.IsErrorOf("ERR Client sent AUTH"u8);

    /// <summary>It answers nothing at the moment, whoever asks.</summary>
    public static bool IsNotReady(in RespValue error) => error.IsErrorOf("LOADING"u8) || error.IsErrorOf("MASTERDOWN"u8) || error.IsErrorOf("BUSY"u8);
}
