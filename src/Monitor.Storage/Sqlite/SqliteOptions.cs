namespace Monitor.Storage.Sqlite;

/// <param name="Folder">Where the store, its key ring and its lock lie: made at the first start.</param>
public sealed record SqliteOptions(string Folder)
{
    public string DatabasePath => Path.Combine(Folder, "monitor.db");

    public string KeyFolder => Path.Combine(Folder, "keys");

    public string LockPath => Path.Combine(Folder, "monitor.lock");
}
