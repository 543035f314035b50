using Monitor.Core.Text;

namespace Monitor.Core.Ports;

/// <summary>Opening a store, keeping it small, and telling how it is.</summary>
public interface IStoreLifecycle
{
    /// <summary>Creates or migrates the schema and takes the store for this process.</summary>
    /// <exception cref="StoreRefusedException">With the one line that a person reads.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>32 random bytes made with the store and sealed in it: what names derived from secrets are keyed by. Once the store is open.</summary>
    byte[] InstallationSecret { get; }

    /// <summary>Null while the last write went well; else why not, as a line for <c>/readyz</c>.</summary>
    LocalizedText? WriteTrouble { get; }

    /// <summary>Tries a small write: whether the store is back.</summary>
    Task ProbeWriteAsync(CancellationToken cancellationToken);

    /// <summary>One bounded round of upkeep (rollups, metric blocks, retention, checkpoints). True when there is more to do at once.</summary>
    Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken);
}

public sealed record Retention(TimeSpan Results, TimeSpan Rollups, TimeSpan Alerts);
