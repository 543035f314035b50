using Monitor.Core.Ports;

namespace Monitor.Storage.Sqlite;

/// <summary>The store's folder: made, locked for this process, readable by its owner only.</summary>
internal sealed class StoreFolder : IDisposable
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _lock;

    private StoreFolder(FileStream held) => _lock = held;

    /// <exception cref="StoreRefusedException">It cannot be made or written, or another process has it.</exception>
    public static StoreFolder Take(SqliteOptions options)
    {
        var folder = Path.GetFullPath(options.Folder);
        try
        {
            Make(folder);
            var held = Lock(options, folder);
            try
            {
                MakeFile(options.DatabasePath);
                return new StoreFolder(held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreRefusedException($"the folder {folder} cannot be written by this user: change its owner, or set Storage:Path", e);
        }
        catch (IOException e)
        {
            throw new StoreRefusedException($"the folder {folder} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The lock goes with the process, however that ends.</summary>
    public void Dispose() => _lock.Dispose();

    private static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, FolderMode);
        }
    }

    private static FileStream Lock(SqliteOptions options, string folder)
    {
        var existed = File.Exists(options.LockPath);
        try
        {
            return new FileStream(options.LockPath, Options(FileShare.None));
        }
        catch (IOException e) when (existed && e is not FileNotFoundException and not DirectoryNotFoundException && !IsReadOnly(e))
        {
            throw new StoreRefusedException($"the folder {folder} is in use by another process", e);
        }
    }

    /// <summary>EROFS: a read-only mount is no lock held by somebody.</summary>
    private static bool IsReadOnly(IOException e) => e.HResult == 30 || e.Message.Contains("Read-only", StringComparison.OrdinalIgnoreCase);

    /// <summary>SQLite gives its journal files the mode of the database, so that one is made first.</summary>
    private static void MakeFile(string path)
    {
        new FileStream(path, Options(FileShare.ReadWrite | FileShare.Delete)).Dispose();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, FileMode);
        }
    }

    private static FileStreamOptions Options(FileShare share)
    {
        var options = new FileStreamOptions { Mode = System.IO.FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode;
        }

        return options;
    }
}
