using Monitor.Core.Ports;

namespace Monitor.Grains.Journal;

/// <summary>What is given up first when there is no room: results that say nothing but that all was well. Failures and decisions stay.</summary>
public static class PlainSuccesses
{
    /// <returns>The batches without them, those that became empty left out, and how many results went.</returns>
    public static (IReadOnlyList<CommitBatch> Kept, int Dropped) Drop(IReadOnlyList<CommitBatch> batches)
    {
        var kept = new List<CommitBatch>(batches.Count);
        var dropped = 0;
        foreach (var batch in batches)
        {
            var rest = Drop(batch);
            dropped += batch.Results.Count - rest.Results.Count;
            if (!rest.IsEmpty)
            {
                kept.Add(rest);
            }
        }

        return (kept, dropped);
    }

    public static CommitBatch Drop(CommitBatch batch) =>
        batch.Results.Any(result => result.Success) ? batch with { Results = [.. batch.Results.Where(result => !result.Success)] } : batch;
}
