using System.Globalization;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Targets;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public Task<Page<TargetRow>> ListTargetsAsync(TargetQuery query, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => TargetList.Read(session, Secrets, query), cancellationToken);

    public Task<TargetRow?> FindTargetAsync(long id, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => TargetList.Find(session, Secrets, id), cancellationToken);

    public Task<EditOutcome<Target>> CreateTargetAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var secret = Sealed(settings);
        return Writer.RunAsync(session => TargetTable.Create(session, Secrets, settings, secret, edit), cancellationToken);
    }

    public Task<EditOutcome<Target>> UpdateTargetAsync(
        long id, long expectedRevision, TargetSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var secret = Sealed(settings);
        return SeenAgainAsync(Writer.RunAsync(session => TargetTable.Update(session, Secrets, id, expectedRevision, settings, secret, edit), cancellationToken));
    }

    public Task<EditOutcome<Target>> DeleteTargetAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        SeenAgainAsync(Writer.RunAsync(session => TargetTable.Delete(session, Secrets, id, expectedRevision, edit), cancellationToken));

    public Task<Page<Channel>> ListChannelsAsync(ChannelQuery query, CancellationToken cancellationToken) => Readers.ReadAsync(
        session =>
        {
            var channels = ChannelTable.PageAfter(session, Secrets, query.After?.Id ?? 0, query.Limit + 1);
            return PageOf(channels, query.Limit, ChannelTable.Count(session), channel => channel.Id);
        },
        cancellationToken);

    public Task<Channel?> FindChannelAsync(long id, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => ChannelTable.Find(session, Secrets, id), cancellationToken);

    public Task<IReadOnlyList<long>> DefaultChannelIdsAsync(CancellationToken cancellationToken) =>
        Readers.ReadAsync(ChannelTable.Defaults, cancellationToken);

    public Task<EditOutcome<Channel>> CreateChannelAsync(ChannelSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var url = Secrets.SealWebhook(settings.WebhookUrl);
        return Writer.RunAsync(session => ChannelTable.Create(session, Secrets, settings, url, edit), cancellationToken);
    }

    public Task<EditOutcome<Channel>> UpdateChannelAsync(
        long id, long expectedRevision, ChannelSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        var url = Secrets.SealWebhook(settings.WebhookUrl);
        return SeenAgainAsync(Writer.RunAsync(session => ChannelTable.Update(session, Secrets, id, expectedRevision, settings, url, edit), cancellationToken));
    }

    public Task<EditOutcome<Channel>> DeleteChannelAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) =>
        SeenAgainAsync(Writer.RunAsync(session => ChannelTable.Delete(session, Secrets, id, expectedRevision), cancellationToken));

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
}
