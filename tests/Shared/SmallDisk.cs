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
        if (OperatingSystem.IsLinux() && await RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "monitor-test", path], cancellationToken))
        {
            return new SmallDisk(path);
        }

        Directory.Delete(path);
        return null;
    }

    public Task<bool> MakeReadOnlyAsync(CancellationToken cancellationToken) => RunAsync("mount", ["-o", "remount,ro", Path], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (await RunAsync("umount", [Path], CancellationToken.None))
        {
            Directory.Delete(Path);
        }
    }

    private static async Task<bool> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
