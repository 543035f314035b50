using Monitor.Grains.Journal;

namespace Monitor.UnitTests.Grains.Journal;

/// <summary>The journal's folder in memory, on a disk that fails as it is told.</summary>
internal sealed class FakeFiles : IJournalFiles
{
    private readonly Lock _lock = new();

    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, byte[]> Aside { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes that still fit; a write beyond leaves what did, as a full disk does.</summary>
    public long Room { get; set; } = long.MaxValue;
    public bool Denied { get; set; }

    /// <summary>Also the attempt to cut off what was half written fails.</summary>
    public bool CannotTruncate { get; set; }

    /// <summary>Appends wait for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public long Length => Locked(() => Files.Values.Sum(file => (long)file.Length));

    public IReadOnlyList<string> List() => Locked(() => (IReadOnlyList<string>)[.. Files.Keys]);

    public byte[] Read(string name) => Locked(() => Files[name]);

    public void Append(string name, long at, ReadOnlyMemory<byte> data)
    {
#pragma warning disable xUnit1031 // the port is synchronous, as fsync is
        Gate.GetAwaiter().GetResult();
#pragma warning restore xUnit1031
        lock (_lock)
        {
            Check();
            var fits = (int)Math.Min(data.Length, Room);
            var old = Files.TryGetValue(name, out var known) ? known : [];
            Files[name] = [.. old.Take((int)at), .. data[..fits].ToArray()];
            Room -= fits;
            if (fits < data.Length)
            {
                throw new IOException("no space left on device");
            }
        }
    }

    public void Truncate(string name, long length)
    {
        lock (_lock)
        {
            if (CannotTruncate)
            {
                throw new IOException("input/output error");
            }

            Files[name] = [.. Files[name].Take((int)length)];
        }
    }

    public void Replace(string name, ReadOnlyMemory<byte> data)
    {
        lock (_lock)
        {
            Check();
            Files[name] = data.ToArray();
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            Files.Remove(name);
        }
    }

    public void SetAside(string name, string asName)
    {
        lock (_lock)
        {
            Aside[asName] = Files[name];
            Files.Remove(name);
        }
    }

    /// <summary>The folder as the next process finds it.</summary>
    public FakeFiles AfterKill()
    {
        var copy = new FakeFiles();
        lock (_lock)
        {
            foreach (var (name, content) in Files)
            {
                copy.Files[name] = content;
            }
        }

        return copy;
    }

    private void Check()
    {
        if (Denied)
        {
            throw new UnauthorizedAccessException("read-only file system");
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}
