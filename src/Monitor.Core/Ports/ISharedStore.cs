namespace Monitor.Core.Ports;

/// <summary>A store that several silos share, for a silo that must start while it is away.</summary>
public interface ISharedStore
{
    /// <summary>Which one it is: what was kept of another counts for nothing.</summary>
    string Place { get; }

    /// <summary>
    /// In the place of <see cref="IStoreLifecycle.OpenAsync"/> while the store cannot be reached: what follows from its secret can be had, everything else is unavailable until it is opened.
    /// </summary>
    /// <param name="installationSecret">As <see cref="IStoreLifecycle.InstallationSecret"/> was.</param>
    void OpenLater(byte[] installationSecret);

    /// <summary>Encrypts what a silo keeps of the store on its own disk, by the key that every silo is given.</summary>
    byte[] Seal(ReadOnlySpan<byte> content);

    /// <summary>Null when it was sealed by another key, or has been changed.</summary>
    byte[]? Unseal(ReadOnlySpan<byte> content);
}
