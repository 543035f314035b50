namespace Monitor.SystemTests.Harness;

/// <summary>The files that this test program was built from.</summary>
internal static class Repository
{
    public static readonly string Root = Find();

    public static string File(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "Monitor.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no Monitor.sln above " + AppContext.BaseDirectory);
        }

        return folder.FullName;
    }
}
