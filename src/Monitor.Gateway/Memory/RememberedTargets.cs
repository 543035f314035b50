using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Targets;

namespace Monitor.Gateway.Memory;

/// <summary>Targets and channels of the store; what is remembered of them while it is away. Edits go to the store alone, and into memory once it has them.</summary>
internal sealed class RememberedTargets(Stored<ITargetStore> stored, StoreMemory memory, Recall recall) : ITargetStore
{
    private readonly ITargetStore _store = stored.Port;

    public Task<Page<TargetRow>> ListTargetsAsync(TargetQuery query, CancellationToken cancellationToken) =>
        recall.ReadAsync(token => _store.ListTargetsAsync(query, token), known => TargetSearch.List(known.Targets.Values, query), cancellationToken);

    public Task<TargetRow?> FindTargetAsync(long id, CancellationToken cancellationToken) =>
        recall.ReadAsync(token => _store.FindTargetAsync(id, token), known => known.Targets.GetValueOrDefault(id), cancellationToken);

    public Task<Page<Channel>> ListChannelsAsync(ChannelQuery query, CancellationToken cancellationToken) =>
        recall.ReadAsync(token => _store.ListChannelsAsync(query, token), known => List(known.Picture, query), cancellationToken);

    public Task<Channel?> FindChannelAsync(long id, CancellationToken cancellationToken) =>
        recall.ReadAsync(token => _store.FindChannelAsync(id, token), known => known.Picture.Channels.GetValueOrDefault(id), cancellationToken);

    public Task<IReadOnlyList<long>> DefaultChannelIdsAsync(CancellationToken cancellationToken) => recall.ReadAsync(
        token => _store.DefaultChannelIdsAsync(token),
        known => [.. known.Picture.Channels.Values.Where(channel => channel.Settings.IsDefault).Select(channel => channel.Id)],
        cancellationToken);

    public Task<EditOutcome<Target>> CreateTargetAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        KeptAsync(_store.CreateTargetAsync(settings, edit, cancellationToken), memory.Put);

    public Task<EditOutcome<Target>> CreateWithDefaultsAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        KeptAsync(_store.CreateWithDefaultsAsync(settings, edit, cancellationToken), memory.Put);

    public Task<EditOutcome<Target>> UpdateTargetAsync(long id, long expectedRevision, TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        KeptAsync(_store.UpdateTargetAsync(id, expectedRevision, settings, edit, cancellationToken), memory.Put);

    public Task<EditOutcome<Target>> DeleteTargetAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        GoneAsync(_store.DeleteTargetAsync(id, expectedRevision, edit, cancellationToken), () => memory.RemoveTarget(id));

    public Task<EditOutcome<Channel>> CreateChannelAsync(ChannelSettings settings, Edit edit, CancellationToken cancellationToken) =>
        KeptAsync(_store.CreateChannelAsync(settings, edit, cancellationToken), memory.Put);

    public Task<EditOutcome<Channel>> UpdateChannelAsync(long id, long expectedRevision, ChannelSettings settings, Edit edit, CancellationToken cancellationToken) =>
        KeptAsync(_store.UpdateChannelAsync(id, expectedRevision, settings, edit, cancellationToken), memory.Put);

    public Task<EditOutcome<Channel>> DeleteChannelAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        GoneAsync(_store.DeleteChannelAsync(id, expectedRevision, edit, cancellationToken), () => memory.RemoveChannel(id));

    private static Page<Channel> List(StorePicture picture, ChannelQuery query)
    {
        var rest = picture.Channels.Values.Where(channel => channel.Id > (query.After?.Id ?? 0)).Take(query.Limit + 1).ToList();
        var more = rest.Count > query.Limit;
        Channel[] items = [.. rest.Take(query.Limit)];
        return new Page<Channel>(items, more ? new PageKey(items[^1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture), items[^1].Id) : null, picture.Channels.Count);
    }

    private static async Task<EditOutcome<T>> KeptAsync<T>(Task<EditOutcome<T>> edit, Action<T> keep)
        where T : class
    {
        var outcome = await edit;
        if (outcome is { Problem: EditProblem.None or EditProblem.Replayed, Value: { } value })
        {
            keep(value);
        }

        return outcome;
    }

    private static async Task<EditOutcome<T>> GoneAsync<T>(Task<EditOutcome<T>> edit, Action forget)
        where T : class
    {
        var outcome = await edit;
        if (outcome.Problem is EditProblem.None or EditProblem.NotFound)
        {
            forget();
        }

        return outcome;
    }
}
