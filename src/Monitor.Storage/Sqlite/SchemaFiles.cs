using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite;

/// <summary>The forward-only schema: embedded files <c>0001_*.sql</c>, …, each applied once, in one transaction with its record.</summary>
internal static class SchemaFiles
{
    /// <summary>"MONI": says in the file's header whose database it is.</summary>
    private const long ApplicationId = 0x4D4F4E49;

    private static readonly (int Version, string Resource)[] Files = Find();

    public static int Newest => Files[^1].Version;

    /// <exception cref="StoreRefusedException">Not this service's database, or one of a newer version.</exception>
    public static void Apply(SqliteSession session, DateTimeOffset now)
    {
        var application = session.Number("PRAGMA application_id") ?? 0;
        var tables = session.Number("SELECT count(*) FROM sqlite_master") ?? 0;
        if (application != ApplicationId && (application != 0 || tables > 0))
        {
            throw new StoreRefusedException("monitor.db is a database of another program: give the store a folder of its own");
        }

        if (tables == 0)
        {
            session.ExecuteScript(string.Create(
                CultureInfo.InvariantCulture,
                $"PRAGMA application_id = {ApplicationId}; CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);"));
        }

        var stored = session.Number("SELECT max(version) FROM schema_versions") ?? 0;
        if (stored > Newest)
        {
            throw new StoreRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"the store was written by a newer version (schema {stored}, this version knows {Newest}): start that version, or give this one another folder"));
        }

        foreach (var (version, resource) in Files.Where(file => file.Version > stored))
        {
            session.Execute("BEGIN IMMEDIATE");
            session.ExecuteScript(Text(resource));
            session.Execute("INSERT INTO schema_versions (version, applied_at) VALUES (@1, @2)", version, Micros.Of(now));
            session.Execute("COMMIT");
        }
    }

    /// <summary>Touches the first page of every table: damage there is told at the start, without reading a large file whole.</summary>
    public static void TouchTables(SqliteSession session)
    {
        foreach (var table in session.Rows(row => row.GetString(0), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
        {
            session.Execute($"SELECT 1 FROM \"{table}\" LIMIT 1");
        }
    }

    private static (int Version, string Resource)[] Find()
    {
        const string Folder = ".Sqlite.Schema.";
        return
        [
            .. typeof(SchemaFiles).Assembly.GetManifestResourceNames()
                .Where(name => name.Contains(Folder, StringComparison.Ordinal))
                .Select(name => (Number(name[(name.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..]), name))
                .OrderBy(file => file.Item1),
        ];
    }

    /// <summary>A resource's name has an underscore before a digit: <c>_0001_first.sql</c>, or not.</summary>
    private static int Number(string name) => int.Parse(name.TrimStart('_').AsSpan(0, 4), CultureInfo.InvariantCulture);

    private static string Text(string resource)
    {
        using var stream = typeof(SchemaFiles).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
