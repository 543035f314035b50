namespace Monitor.Tests.Shared;

/// <summary>The programs that start a real Kafka and Cassandra, which lie beside the repository: <c>../shared/servers</c>.</summary>
public static class SharedServers
{
    /// <param name="name"><c>kafka</c>, <c>cassandra</c>.</param>
    /// <returns>The program's path; null where it is absent.</returns>
    public static string? Find(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Monitor.sln")))
            {
                // Beside the repository; a work tree of it may lie one folder deeper.
                string[] places = [Path.Combine(folder.FullName, "..", "shared", "servers", name), Path.Combine(folder.FullName, "..", "..", "shared", "servers", name)];
                return places.FirstOrDefault(File.Exists) is { } path ? Path.GetFullPath(path) : null;
            }
        }

        return null;
    }
}
