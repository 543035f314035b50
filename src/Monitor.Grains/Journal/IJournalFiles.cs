namespace Monitor.Grains.Journal;

/// <summary>
/// The few things that the journal does with files. Every call throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when
/// the folder does not take it; what a call has returned from survives a kill and a loss of power.
/// </summary>
public interface IJournalFiles
{
    /// <summary>The names of the journal's segments, in order; empty when there is no folder yet.</summary>
    IReadOnlyList<string> List();

    byte[] Read(string name);

    /// <summary>Writes at <paramref name="at"/>, which is the end of what counts; a file that is not there is made.</summary>
    void Append(string name, long at, ReadOnlyMemory<byte> data);

    void Truncate(string name, long length);

    /// <summary>All or nothing: a reader finds the old content or the new one.</summary>
    void Replace(string name, ReadOnlyMemory<byte> data);

    void Delete(string name);

    /// <summary>Takes a damaged segment out of the journal but keeps it for a person to look at.</summary>
    void SetAside(string name, string asName);
}
