using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Memory;

/// <summary>
/// Keeps what is remembered of the store up to date: all of it once at the start, then only what was edited. Edits through this process are put in as they are made; those through
/// other silos show in the versions of shards, and only what is newer in such a shard is read. Everything is read anew now and then, for what nobody has thought of.
/// </summary>
internal sealed partial class MemoryKeeper(
    StoreReach reach,
    StoreMemory memory,
    Stored<ITargetStore> targets,
    Stored<IHistoryStore> history,
    TokenCache tokens,
    EditNews news,
    GatewayOptions options,
    TimeProvider time,
    ILogger<MemoryKeeper> log,
    ICluster? cluster = null,
    IEditedTargets? elsewhere = null) : BackgroundService
{
    private const int PageSize = 500;
    private const int MostOpenAlerts = 5000;

    /// <summary>At most one part of so many of the time goes into each kind of reading.</summary>
    private const int Share = 50;

    private const int MostTogether = 500;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(0.5);

    private readonly Dictionary<int, long> _versions = [];
    private readonly Paced _all = new(TimeSpan.FromMinutes(10), 500, TimeSpan.FromHours(1));

    /// <summary>What was edited is read once, however seldom it is looked for: waiting longer would save nothing.</summary>
    private readonly Paced _edited = new(TimeSpan.FromSeconds(1), Share, TimeSpan.FromSeconds(3));
    private readonly Paced _channels = new(TimeSpan.FromSeconds(2), Share, TimeSpan.FromSeconds(5));
    private readonly Paced _open = new(TimeSpan.FromSeconds(3), Share, TimeSpan.FromSeconds(30));
    private readonly Paced _tokens = new(TimeSpan.FromSeconds(2), Share, TimeSpan.FromSeconds(4));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await reach.LookAsync(stoppingToken) is null && options.RemembersStore)
                {
                    await RefreshAsync(stoppingToken);
                }
            }
            catch (StoreUnavailableException e)
            {
                reach.Lost(e.Line);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogNotRead(e);
            }

            await Task.Delay(reach.Away is null ? Round : Soon, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _all.RunAsync(time, memory.Picture is null, () => ReadAllAsync(cancellationToken));
        if (cluster?.View is not null)
        {
            // Where there are other silos, tokens are made and revoked there, too.
            await _edited.RunAsync(time, false, () => ReadEditedAsync(cancellationToken));
            await _tokens.RunAsync(time, false, () => tokens.RefreshAsync(cancellationToken));
        }

        await _channels.RunAsync(time, false, async () => memory.TakeChannels(await ChannelsAsync(cancellationToken)));
        await _open.RunAsync(time, false, () => ReadOpenAsync(cancellationToken));
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        Versions();
        var rows = new List<TargetRow>();
        PageKey? after = null;
        do
        {
            var page = await targets.Port.ListTargetsAsync(new TargetQuery { Limit = PageSize, After = after }, cancellationToken);
            rows.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        memory.Begin(rows, await ChannelsAsync(cancellationToken), began);
    }

    /// <summary>Noted before the targets are read: what is edited meanwhile is read once more.</summary>
    private List<MovedShard> Versions()
    {
        var moved = new List<MovedShard>();
        foreach (var row in cluster?.View?.Shards ?? [])
        {
            var known = _versions.GetValueOrDefault(row.Shard, -1);
            if (known != row.Version)
            {
                moved.Add(new MovedShard(row.Shard, known, row.Version));
                _versions[row.Shard] = row.Version;
            }
        }

        return moved;
    }

    private async Task ReadEditedAsync(CancellationToken cancellationToken)
    {
        if (elsewhere is null || Versions() is not { Count: > 0 } moved)
        {
            return;
        }

        try
        {
            // What is made here while the store is read is not gone because that reading does not have it.
            var known = memory.Picture ?? new StorePicture();
            var (newer, gone) = known.Behind(await elsewhere.LoadEditsAsync(moved, cancellationToken));
            memory.Remove(gone);
            foreach (var part in newer.Chunk(MostTogether))
            {
                memory.Take(await elsewhere.FindTargetsAsync(part, cancellationToken));
            }

            // Pages that are open show what was edited through other silos, too: for up to five seconds a page said that all is well, and of six new targets it knew two.
            foreach (var id in newer.Concat(gone))
            {
                news.Add(id);
            }
        }
        catch
        {
            foreach (var (shard, before, _) in moved)
            {
                _versions[shard] = before;
            }

            throw;
        }
    }

    private async Task ReadOpenAsync(CancellationToken cancellationToken)
    {
        var open = new List<AlertRow>();
        PageKey? after = null;
        long total;
        do
        {
            var page = await history.Port.ListAlertsAsync(new AlertQuery(true, null, null, null, null, PageSize, after), cancellationToken);
            open.AddRange(page.Items);
            (after, total) = (page.Next, page.Total ?? open.Count);
        }
        while (after is not null && open.Count < MostOpenAlerts);

        memory.TakeOpen(open, total);
    }

    private async Task<List<Channel>> ChannelsAsync(CancellationToken cancellationToken)
    {
        var channels = new List<Channel>();
        PageKey? after = null;
        do
        {
            var page = await targets.Port.ListChannelsAsync(new ChannelQuery(PageSize, after), cancellationToken);
            channels.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        return channels;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is to be remembered of the store could not be read; it is tried every second")]
    private partial void LogNotRead(Exception error);
}
