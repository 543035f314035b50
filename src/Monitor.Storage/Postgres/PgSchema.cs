using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres;

/// <summary>
/// The forward-only schema: embedded files <c>0001_*.sql</c>, …, each applied once. All that is missing goes in one transaction under one lock, so that silos that
/// start together find it made by the first. A schema that a newer silo has grown stays usable for this one as long as its files say so (<c>min-program</c>).
/// </summary>
internal static class PgSchema
{
    /// <summary>Whoever migrates holds this lock until its transaction ends ("MONITOR" and a number).</summary>
    private const long MigrationLock = 0x4D4F4E49544F5201;

    private const string Marker = "-- min-program:";

    private static readonly (int Version, string Resource)[] Files = Find();

    public static int Newest => Files[^1].Version;

    /// <summary>Inside the caller's transaction.</summary>
    /// <exception cref="StoreRefusedException">Not this service's database, or one that this version is too old for.</exception>
    public static async Task ApplyAsync(PgSession session, DateTimeOffset now)
    {
        await session.NumberAsync("SELECT 1 FROM pg_advisory_xact_lock($1)", MigrationLock);
        var known = await session.NumberAsync("SELECT 1 WHERE to_regclass('schema_versions') IS NOT NULL") is not null;
        if (!known)
        {
            await RefuseOtherTablesAsync(session);
            await session.ExecuteAsync("CREATE TABLE schema_versions (version integer PRIMARY KEY, min_program integer NOT NULL, applied_at bigint NOT NULL)");
        }

        var stored = await session.NumberAsync("SELECT coalesce(max(version), 0) FROM schema_versions") ?? 0;
        var needed = await session.NumberAsync("SELECT coalesce(max(min_program), 0) FROM schema_versions") ?? 0;
        if (needed > Newest)
        {
            throw new StoreRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"this version is too old for the database: its schema {stored} needs a program that knows schema {needed}, this one knows {Newest}; start the newer version"));
        }

        foreach (var (version, resource) in Files.Where(file => file.Version > stored))
        {
            var text = Text(resource);
            await session.ExecuteScriptAsync(text);
            await session.ExecuteAsync(
                "INSERT INTO schema_versions (version, min_program, applied_at) VALUES ($1, $2, $3)", version, MinProgram(text, resource), Micros.Of(now));
        }
    }

    private static async Task RefuseOtherTablesAsync(PgSession session)
    {
        // What an extension brought is nobody's data: administrators put pg_stat_statements into every database.
        const string Others = """
            SELECT relname FROM pg_class c
            WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p', 'v')
              AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ORDER BY relname LIMIT 1
            """;
        if (await session.NumberAsync("SELECT 1 WHERE current_schema() IS NULL") is not null)
        {
            throw new StoreRefusedException("the database has no schema that this user may use: make the user its owner, or give it a schema of its own");
        }

        if (await session.FirstAsync(row => row.GetString(0), Others) is { } other)
        {
            throw new StoreRefusedException($"the database holds tables of another program ({other}): give the store a database or a schema of its own");
        }
    }

    private static int MinProgram(string text, string resource)
    {
        var line = text.Split('\n')[0];
        return line.StartsWith(Marker, StringComparison.Ordinal)
            ? int.Parse(line.AsSpan(Marker.Length).Trim(), CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{resource} does not say which program it needs at least");
    }

    private static (int Version, string Resource)[] Find()
    {
        const string Folder = ".Postgres.Schema.";
        return
        [
            .. typeof(PgSchema).Assembly.GetManifestResourceNames()
                .Where(name => name.Contains(Folder, StringComparison.Ordinal))
                .Select(name => (Number(name[(name.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..]), name))
                .OrderBy(file => file.Item1),
        ];
    }

    /// <summary>A resource's name has an underscore before a digit: <c>_0001_first.sql</c>, or not.</summary>
    private static int Number(string name) => int.Parse(name.TrimStart('_').AsSpan(0, 4), CultureInfo.InvariantCulture);

    private static string Text(string resource)
    {
        using var stream = typeof(PgSchema).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
