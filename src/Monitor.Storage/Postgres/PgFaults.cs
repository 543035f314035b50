using System.Net.Sockets;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>What PostgreSQL's errors mean to a person, and to whoever waits.</summary>
internal static class PgFaults
{
    private static readonly LocalizedText NoAnswer = new("the database does not answer in time", "数据库未及时应答");

    /// <summary>The store is in trouble, as opposed to one statement being wrong: what was asked for may have happened or not.</summary>
    public static bool IsTrouble(Exception e) => e switch
    {
        PostgresException server => IsTrouble(server.SqlState),
        NpgsqlException or TimeoutException or IOException or SocketException => true,
        // A connection that broke under its user.
        ObjectDisposedException or InvalidOperationException { Source: "Npgsql" } => true,
        _ => false,
    };

    /// <summary>Two that met at the same rows: the same again goes well.</summary>
    public static bool IsCollision(PostgresException e) => e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation
        or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>A result of a day that has no partition (any more).</summary>
    public static bool IsMissingPartition(PostgresException e) => e.SqlState is PostgresErrorCodes.CheckViolation or PostgresErrorCodes.UndefinedTable;

    public static LocalizedText Line(Exception e) => e switch
    {
        PostgresException server => Line(server),
        _ when e is TimeoutException || e.InnerException is TimeoutException => NoAnswer,
        _ when Innermost(e) is SocketException socket => new($"the database cannot be reached: {socket.SocketErrorCode}", $"无法连接数据库：{socket.SocketErrorCode}"),
        _ when Innermost(e) is PostgresException server => Line(server),
        _ => new($"the database cannot be used: {FirstLine(e.Message)}", $"数据库无法使用：{FirstLine(e.Message)}"),
    };

    public static StoreUnavailableException Unavailable(Exception e) => new(Line(e), e);

    private static LocalizedText Line(PostgresException e) => e.SqlState switch
    {
        PostgresErrorCodes.DiskFull => new("the database's disk is full: the store cannot be written", "数据库磁盘已满：存储无法写入"),
        PostgresErrorCodes.ReadOnlySqlTransaction => new("the database is read-only and cannot be written", "数据库为只读，无法写入"),
        PostgresErrorCodes.QueryCanceled => NoAnswer,
        PostgresErrorCodes.TooManyConnections => new("the database has no connection left", "数据库已无可用连接"),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new("the database refuses the user name or password", "数据库拒绝了用户名或密码"),
        PostgresErrorCodes.InvalidCatalogName => new("the database of that name does not exist", "该名称的数据库不存在"),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => new("the database is starting or stopping", "数据库正在启动或停止"),
        PostgresErrorCodes.InsufficientPrivilege => new($"the database does not allow it: {FirstLine(e.MessageText)}", $"数据库不允许此操作：{FirstLine(e.MessageText)}"),
        _ => new($"the database reports: {FirstLine(e.MessageText)} ({e.SqlState})", $"数据库报告：{FirstLine(e.MessageText)}（{e.SqlState}）"),
    };

    /// <summary>Classes: 08 connection, 25 transaction state, 28 authorization, 3D no such database, 40 rolled back, 53 resources, 55 locks, 57 operator, 58 system, XX internal.</summary>
    private static bool IsTrouble(string state) =>
        state[..2] is "08" or "25" or "28" or "3D" or "40" or "53" or "55" or "57" or "58" or "XX" || state is PostgresErrorCodes.InsufficientPrivilege;

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private static string FirstLine(string text) => text.ReplaceLineEndings("\n").Split('\n')[0];
}
