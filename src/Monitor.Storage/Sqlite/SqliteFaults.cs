using Microsoft.Data.Sqlite;
using Monitor.Core.Ports;

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

    public static string Line(SqliteException e) => e.SqliteErrorCode switch
    {
        Full => "the disk is full: the store cannot be written",
        ReadOnly => "the store is read-only and cannot be written",
        IoError => $"the disk under the store reports an error (SQLite code {e.SqliteExtendedErrorCode})",
        Corrupt or NotADatabase => "the store's file is damaged",
        Busy or Locked => "the store is locked by something else",
        CannotOpen => "the store's files cannot be opened",
        _ => $"the store cannot be used (SQLite code {e.SqliteExtendedErrorCode})",
    };

    public static StoreUnavailableException Unavailable(SqliteException e) => new(Line(e), e);
}
