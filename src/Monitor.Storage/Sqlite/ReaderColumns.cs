using Microsoft.Data.Sqlite;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite;

/// <summary>Columns that may be null, times and truths.</summary>
internal static class ReaderColumns
{
    public static string? TextOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? LongOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static int? IntOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static byte[]? BytesOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    public static bool Truth(this SqliteDataReader row, int column) => row.GetInt64(column) != 0;

    public static DateTimeOffset Time(this SqliteDataReader row, int column) => Micros.ToTime(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this SqliteDataReader row, int column) => Micros.ToTime(row.LongOrNull(column));
}
