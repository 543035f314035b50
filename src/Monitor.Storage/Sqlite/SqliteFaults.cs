using Microsoft.Data.Sqlite;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Storage.Sqlite;

/// <summary>What SQLite's errors mean to a person, and to the writer.</summary>
internal static class SqliteFaults
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    /// <summary>The store is in trouble, as opposed to one statement being wrong.</summary>
    public static bool IsTrouble(SqliteException e) =>
        e.SqliteErrorCode is Busy or Locked or ReadOnly or IoError or Corrupt or Full or CannotOpen or NotADatabase or 7 or 9 or 15;

    /// <summary>The connection may hold a damaged view: it is opened anew.</summary>
    public static bool SpoilsConnection(SqliteException e) => e.SqliteErrorCode is ReadOnly or IoError or Corrupt or CannotOpen or NotADatabase;

    public static bool IsDamage(SqliteException e) => e.SqliteErrorCode is Corrupt or NotADatabase;

    public static LocalizedText Line(SqliteException e) => e.SqliteErrorCode switch
    {
        Full => new("the disk is full: the store cannot be written", "磁盘已满：存储无法写入"),
        ReadOnly => new("the store is read-only and cannot be written", "存储为只读，无法写入"),
        IoError => new($"the disk under the store reports an error (SQLite code {e.SqliteExtendedErrorCode})", $"存储所在的磁盘报告错误（SQLite 代码 {e.SqliteExtendedErrorCode}）"),
        Corrupt or NotADatabase => new("the store's file is damaged", "存储文件已损坏"),
        Busy or Locked => new("the store is locked by something else", "存储被其他程序锁定"),
        CannotOpen => new("the store's files cannot be opened", "无法打开存储文件"),
        _ => new($"the store cannot be used (SQLite code {e.SqliteExtendedErrorCode})", $"存储无法使用（SQLite 代码 {e.SqliteExtendedErrorCode}）"),
    };

    public static StoreUnavailableException Unavailable(SqliteException e) => new(Line(e), e);
}
