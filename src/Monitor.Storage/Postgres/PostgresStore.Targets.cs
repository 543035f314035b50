using System.Globalization;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Targets;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    public Task<Page<TargetRow>> ListTargetsAsync(TargetQuery query, CancellationToken cancellationToken) =>
        SnapshotAsync(session => TargetList.ReadAsync(session, Secrets, query), cancellationToken);

    public Task<TargetRow?> FindTargetAsync(long id, CancellationToken cancellationToken) =>
        SnapshotAsync(session => TargetList.FindAsync(session, Secrets, id), cancellationToken);

    public Task<EditOutcome<Target>> CreateTargetAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        _creations.RunAsync(new NewTarget(settings, Sealed(settings), edit), cancellationToken);

    public Task<EditOutcome<Target>> CreateWithDefaultsAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        _creations.RunAsync(new NewTarget(settings, Sealed(settings), edit) { TakesDefaults = true }, cancellationToken);

    public Task<EditOutcome<Target>> UpdateTargetAsync(
        long id, long expectedRevision, TargetSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var secret = Sealed(settings);
        return SeenAgainAsync(EditAsync(
            session => TargetTable.UpdateAsync(session, Secrets, id, expectedRevision, settings, secret, edit), cancellationToken));
    }

    public Task<EditOutcome<Target>> DeleteTargetAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        SeenAgainAsync(EditAsync(session => TargetTable.DeleteAsync(session, Secrets, id, expectedRevision, edit), cancellationToken));

    public async Task<Page<Channel>> ListChannelsAsync(ChannelQuery query, CancellationToken cancellationToken)
    {
        // Every silo looks every other second, and one page nearly always holds them all: then one statement says everything, the total too.
        if (query.After is null && await ReadAsync(session => ChannelTable.PageAfterAsync(session, Secrets, 0, query.Limit + 1), cancellationToken) is var all && all.Count <= query.Limit)
        {
            return new Page<Channel>(all, null, all.Count);
        }

        return await SnapshotAsync(
            async session =>
            {
                var channels = await ChannelTable.PageAfterAsync(session, Secrets, query.After?.Id ?? 0, query.Limit + 1);
                return PageOf(channels, query.Limit, await ChannelTable.CountAsync(session), channel => channel.Id);
            },
            cancellationToken);
    }

    public Task<Channel?> FindChannelAsync(long id, CancellationToken cancellationToken) =>
        ReadAsync(session => ChannelTable.FindAsync(session, Secrets, id), cancellationToken);

    public Task<IReadOnlyList<long>> DefaultChannelIdsAsync(CancellationToken cancellationToken) => _defaults.RunAsync(0, cancellationToken);

    public Task<EditOutcome<Channel>> CreateChannelAsync(ChannelSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var url = Secrets.SealWebhook(settings.WebhookUrl);
        return EditAsync(session => ChannelTable.CreateAsync(session, Secrets, settings, url, edit), cancellationToken);
    }

    public Task<EditOutcome<Channel>> UpdateChannelAsync(
        long id, long expectedRevision, ChannelSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var url = Secrets.SealWebhook(settings.WebhookUrl);
        return SeenAgainAsync(EditAsync(session => ChannelTable.UpdateAsync(session, Secrets, id, expectedRevision, settings, url, edit), cancellationToken));
    }

    public Task<EditOutcome<Channel>> DeleteChannelAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        SeenAgainAsync(EditAsync(session => ChannelTable.DeleteAsync(session, Secrets, id, expectedRevision), cancellationToken));

    /// <summary>Several together are not tried again: each is then tried alone, and again.</summary>
    private Task<IReadOnlyList<EditOutcome<Target>>> CreateAsync(IReadOnlyList<NewTarget> asked)
    {
        Func<PgSession, Task<IReadOnlyList<EditOutcome<Target>>>> create = session => TargetCreation.CreateAsync(session, Secrets, asked);
        return asked.Count == 1 ? EditAsync(create, CancellationToken.None) : WriteAsync(create, CancellationToken.None);
    }

    private async Task<IReadOnlyList<IReadOnlyList<long>>> DefaultsAsync(IReadOnlyList<int> asked)
    {
        var ids = await ReadAsync(ChannelTable.DefaultsAsync, CancellationToken.None);
        return [.. asked.Select(_ => ids)];
    }

    private static Page<T> PageOf<T>(List<T> rows, int limit, long total, Func<T, long> id)
    {
        if (rows.Count <= limit)
        {
            return new Page<T>(rows, null, total);
        }

        rows.RemoveRange(limit, rows.Count - limit);
        var last = id(rows[^1]);
        return new Page<T>(rows, new PageKey(last.ToString(CultureInfo.InvariantCulture), last), total);
    }

    private byte[]? Sealed(TargetSettings settings) => settings.Config == settings.MaskedConfig ? null : Secrets.SealConfig(settings.Config);

    /// <summary>After an edit that may have given a secret again.</summary>
    private async Task<T> SeenAgainAsync<T>(Task<T> edit)
    {
        var outcome = await edit;
        if (_unreadable.Length > 0)
        {
            await ReadAsync(session => FindUnreadableAsync(session, Secrets), CancellationToken.None);
        }

        return outcome;
    }
}
