namespace Monitor.Tests.Shared;

/// <summary>A folder of its own, gone at the end.</summary>
public sealed class TempDir : IDisposable
{
    public TempDir() => Folder = Directory.CreateTempSubdirectory("monitor-test-").FullName;

    public string Folder { get; }

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>A folder below it, made if need be.</summary>
    public string Sub(string name) => Directory.CreateDirectory(File(name)).FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test deleted it itself.
        }
    }
}
