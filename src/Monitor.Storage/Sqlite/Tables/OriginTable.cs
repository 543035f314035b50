namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Which silo and zone made a result, by number.</summary>
internal static class OriginTable
{
    public static long NumberOf(SqliteSession session, string silo, string zone) =>
        session.Number("SELECT id FROM origins WHERE silo = @1 AND zone = @2", silo, zone)
        ?? session.Number("INSERT INTO origins (silo, zone) VALUES (@1, @2) RETURNING id", silo, zone)!.Value;

    public static (string Silo, string Zone) Find(SqliteSession session, long id)
    {
        var (silo, zone) = session.First(row => (row.GetString(0), row.GetString(1)), "SELECT silo, zone FROM origins WHERE id = @1", id);
        return (silo ?? "", zone ?? "");
    }
}
