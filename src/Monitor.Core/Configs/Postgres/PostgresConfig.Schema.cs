using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Postgres;

public sealed partial record PostgresConfig
{
    /// <summary>What PostgreSQL cuts names to; a longer one would silently be another.</summary>
    private const int MaxNameBytes = 63;

    public static readonly ObjectSchema Schema = new(
        CommonFields.Host(directsSecrets: true),
        CommonFields.Port(directsSecrets: true, 5432),
        CommonFields.IpFamily,
        new Field("username", new TextRule(1, MaxNameBytes) { Check = NameProblem })
        {
            Default = "\"postgres\"",
            Description = new("User to log in as; one with pg_monitor sees all statistics.", "登录用户；具有 pg_monitor 权限的用户可看到全部统计信息。"),
        },
        new Field("password", new TextRule(1, 4096)) { Secret = true, Description = new("Password of the user.", "该用户的密码。") },
        new Field("database", new TextRule(1, MaxNameBytes) { Check = NameProblem })
        {
            Default = "\"postgres\"",
            Description = new("Database to connect to.", "要连接的数据库。"),
        },
        new Field("ssl_mode", new TextRule { OneOf = ["disable", "prefer", "require", "verify-ca", "verify-full"] })
        {
            Default = "\"disable\"",
            DirectsSecrets = true,
            Description = new(
                "Whether to speak TLS, and what of the certificate is checked: nothing (prefer, require), its authority, or its authority and name.",
                "是否使用 TLS，以及校验证书的内容：不校验（prefer、require）、仅校验颁发机构（verify-ca）、校验颁发机构与名称（verify-full）。"),
        },
        TlsConfig.Field(),
        new Field("max_connections_threshold", new IntegerRule(0, 1_000_000))
        {
            Default = "100",
            Description = new("Warning when more connections than this are active.", "活动连接数超过此值即为警告。"),
        },
        new Field("warn_connection_usage_percent", new NumberRule(0, 100))
        {
            Default = "90",
            Description = new("Warning when more of the connections that clients may have are taken.", "客户端可用连接的使用率超过此百分比即为警告。"),
        },
        new Field("warn_replication_lag_seconds", new NumberRule(0, 31_536_000))
        {
            Default = "60",
            Description = new("Warning when a replica lags behind by more seconds.", "从库复制延迟超过此秒数即为警告。"),
        },
        new Field("slow_query_seconds", new NumberRule(0.001, 31_536_000))
        {
            Default = "30",
            Description = new("A query that has been running for more seconds counts as slow.", "运行超过此秒数的查询计为慢查询。"),
        },
        new Field("warn_slow_queries", new IntegerRule(0, 1_000_000))
        {
            Default = "5",
            Description = new("Warning when more slow queries than this are running.", "慢查询数量超过此值即为警告。"),
        },
        new Field("expect_role", new TextRule { OneOf = ["primary", "replica"] })
        {
            Description = new("Failure when the server has the other role.", "服务器角色不符即为失败。"),
        },
        new Field("query", new TextRule(1, 65_536, Multiline: true) { Check = QueryProblem })
        {
            Description = new("One SQL statement, run in a read-only transaction; failure when it fails.", "一条 SQL 语句，在只读事务中执行；执行失败即为失败。"),
        },
        new Field("expect_result", new TextRule(0, 4096, Multiline: true))
        {
            Description = new("What the first value of the query's first row must be, as text.", "查询结果第一行第一列应等于的文本。"),
        },
        new Field("warn_database_size_bytes", new IntegerRule(0, 1L << 53))
        {
            Description = new("Warning when the database is larger than this.", "数据库大小超过此字节数即为警告。"),
        });

    /// <summary>What no single field can know. Runs beside the schema, so that every problem is told at once.</summary>
    private static void CheckTogether(JsonElement config, List<FieldError> errors)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (CommonFields.TextOrNull(config, "expect_result") is not null && CommonFields.TextOrNull(config, "query") is null)
        {
            errors.Add(FieldError.At("query", "is required with expect_result", "填写 expect_result 时必填"));
        }

        var mode = CommonFields.TextOrNull(config, "ssl_mode") ?? "disable";
        if (!config.TryGetProperty("tls", out var tls) || tls.ValueKind is not (JsonValueKind.True or JsonValueKind.Object))
        {
            return;
        }

        if (mode == "disable")
        {
            // Silently speaking plain to a server for which TLS was asked for would give the password away.
            errors.Add(FieldError.At("ssl_mode", "must be prefer, require, verify-ca or verify-full when tls is given", "填写 tls 时必须为 prefer、require、verify-ca 或 verify-full"));
        }
        else if (mode is "verify-ca" or "verify-full" && tls.ValueKind == JsonValueKind.Object
            && tls.TryGetProperty("verify", out var verify) && verify.ValueKind == JsonValueKind.False)
        {
            errors.Add(FieldError.At("tls.verify", $"cannot be false with ssl_mode {mode}; use require", $"ssl_mode 为 {mode} 时不能为 false；请使用 require"));
        }
    }

    private static LocalizedText? NameProblem(string name) =>
        System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes
            ? new LocalizedText($"must have at most {MaxNameBytes} bytes as UTF-8", $"UTF-8 编码后最多 {MaxNameBytes} 字节")
            : null;

    private static LocalizedText? QueryProblem(string query) =>
        string.IsNullOrWhiteSpace(query) ? new LocalizedText("must be an SQL statement", "必须是一条 SQL 语句") : null;
}
