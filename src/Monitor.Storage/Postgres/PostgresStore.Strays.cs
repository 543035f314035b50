using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore : IStrayEpisodes
{
    public Task<bool> AdoptAsync(StrayEpisode stray, CancellationToken cancellationToken) =>
        WriteAsync(session => StrayTable.AdoptAsync(session, stray, _time.GetUtcNow()), cancellationToken);
}
