namespace Monitor.Grains.Journal;

/// <summary>The journal's files in a folder of their own.</summary>
public sealed class JournalFolder(string folder) : IJournalFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public IReadOnlyList<string> List() => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + RecordJournal.Suffix).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
        : [];

    public byte[] Read(string name) => File.ReadAllBytes(At(name));

    public void Append(string name, long at, ReadOnlyMemory<byte> data)
    {
        using var file = Open(name, FileMode.OpenOrCreate);
        RandomAccess.Write(file.SafeFileHandle, data.Span, at);
        file.Flush(flushToDisk: true);
    }

    public void Truncate(string name, long length)
    {
        using var file = Open(name, FileMode.Open);
        file.SetLength(length);
        file.Flush(flushToDisk: true);
    }

    public void Replace(string name, ReadOnlyMemory<byte> data)
    {
        var temporary = name + ".new";
        try
        {
            using (var file = Open(temporary, FileMode.Create))
            {
                file.Write(data.Span);
                file.Flush(flushToDisk: true);
            }

            File.Move(At(temporary), At(name), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // On a full disk a half-written copy would take the very room that the next record needs.
            File.Delete(At(temporary));
            throw;
        }
    }

    public void Delete(string name) => File.Delete(At(name));

    public void SetAside(string name, string asName) => File.Move(At(name), At(asName), overwrite: true);

    private string At(string name) => Path.Combine(folder, name);

    private FileStream Open(string name, FileMode mode)
    {
        MakeFolder();
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(At(name), options);
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }
}
