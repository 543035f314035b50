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
                var path = Path.Combine(folder.FullName, "..", "shared", "servers", name);
                return File.Exists(path) ? Path.GetFullPath(path) : null;
            }
        }

        return null;
    }
}
