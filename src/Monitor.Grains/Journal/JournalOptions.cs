namespace Monitor.Grains.Journal;

/// <summary>Where records wait while the store is away.</summary>
/// <param name="Folder">Holds nothing else; made when first needed, readable by its owner only.</param>
/// <param name="MaxBytes">Beyond it the oldest plain successes are given up; when nothing plain is left, newer records wait in memory.</param>
public sealed record JournalOptions(string Folder, long MaxBytes = 256L << 20);
