using System.Diagnostics;

namespace Monitor.Tests.Shared;

/// <summary>A file system of a few megabytes of its own, so that a disk can be full without anybody else's being so. Needs the right to mount.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <summary>Null where this user may not mount.</summary>
    public static async Task<SmallDisk?> MountAsync(int megabytes, CancellationToken cancellationToken)
    {
        var path = Directory.CreateTempSubdirectory("monitor-disk-").FullName;
        if (OperatingSystem.IsLinux() && await RunAsync(cancellationToken, "mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "monitor-test", path))
        {
            return new SmallDisk(path);
        }

        Directory.Delete(path);
        return null;
    }

    public Task<bool> MakeReadOnlyAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken, "mount", "-o", "remount,ro", Path);

    public async ValueTask DisposeAsync()
    {
        if (await RunAsync(CancellationToken.None, "umount", Path))
        {
            Directory.Delete(Path);
        }
    }

    private static async Task<bool> RunAsync(CancellationToken cancellationToken, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
