using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Harness;

/// <summary>A small file system of its own over a folder, so that its disk can be full or read-only; gone at the end.</summary>
internal sealed class Mount : IAsyncDisposable
{
    private readonly string _folder;

    private Mount(string folder) => _folder = folder;

    public static async Task<Mount> TmpfsAsync(string folder, string options, CancellationToken cancellationToken)
    {
        await ChildProcess.RunAsync("mount", ["-t", "tmpfs", "-o", options, "none", folder], cancellationToken);
        return new Mount(folder);
    }

    /// <summary>Takes what room there is. Deleting <see cref="Filler"/> gives it back.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[1 << 16, 1 << 12, 1])
        {
            try
            {
                while (true)
                {
                    filler.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size.
            }
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public string Filler => Path.Combine(_folder, "filler");

    public async ValueTask DisposeAsync() => await ChildProcess.RunAsync("umount", ["--lazy", _folder], CancellationToken.None);
}
