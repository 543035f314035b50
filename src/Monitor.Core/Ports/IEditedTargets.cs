namespace Monitor.Core.Ports;

/// <summary>What was edited anywhere, for who remembers targets that run elsewhere. A port of a store that several silos share.</summary>
public interface IEditedTargets
{
    /// <summary>What was edited in shards whose version has moved.</summary>
    Task<ShardEdits> LoadEditsAsync(IReadOnlyCollection<MovedShard> moved, CancellationToken cancellationToken);

    /// <summary>Settings and states of some targets, without their results. One that is gone is left out.</summary>
    Task<IReadOnlyList<TargetRow>> FindTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken);
}
