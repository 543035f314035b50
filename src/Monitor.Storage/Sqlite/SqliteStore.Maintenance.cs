using Monitor.Core.Ports;
using Monitor.Storage.Codecs;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    /// <summary>How long after its end ten minutes are packed: results are written within a second, a slow probe's a few minutes after its start.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _maintenance = new(1);
    private long _packedUpTo;
    private long _packAfter;
    private bool _packing;
    private bool _removing;
    private int _late;
    private long _expiredHour;
    private long? _expireAfter;

    public async Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        await _maintenance.WaitAsync(cancellationToken);
        try
        {
            return await PackAsync(now, retention, cancellationToken) || await ExpireAsync(now, retention, cancellationToken);
        }
        finally
        {
            _maintenance.Release();
        }
    }

    /// <summary>
    /// A result of minutes that have been packed already, out of a journal: they are gone over again. Runs on the writer, before its commit, so that rows are
    /// never removed that came after their target was packed.
    /// </summary>
    private void NoteWritten(long earliest)
    {
        if (earliest < Interlocked.Read(ref _packedUpTo))
        {
            Interlocked.Exchange(ref _late, 1);
        }
    }

    private async Task<bool> PackAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        var cutoff = BlockKey.StartOf(BlockKey.WindowOf(Micros.Of(now - Grace)));
        if (!_packing)
        {
            var late = Interlocked.Exchange(ref _late, 0) == 1;
            if (cutoff <= _packedUpTo && !late)
            {
                return false;
            }

            Interlocked.Exchange(ref _packedUpTo, cutoff);
            _packing = true;
            _packAfter = 0;
        }

        // A round keeps the boundary it began with: what is written behind it meanwhile is late and noticed as such.
        cutoff = _packedUpTo;
        if (_removing)
        {
            _removing = await Writer.RunAsync(session => Volatile.Read(ref _late) == 0 && Packing.RemoveSlot(session, cutoff), cancellationToken);
            _packing = _removing;
            return true;
        }

        var oldest = Expiry.OldestResult(now, retention);
        var round = await Readers.ReadAsync(session => Packing.Read(session, _packAfter, cutoff, oldest, LogBadBlock), cancellationToken);
        if (round.Targets.Count > 0)
        {
            await Writer.RunAsync(
                session =>
                {
                    Packing.Write(session, round);
                    return true;
                },
                cancellationToken);
        }

        _packAfter = round.After;
        _removing = round.IsLast;
        return true;
    }

    private async Task<bool> ExpireAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken)
    {
        var hour = Micros.Of(now) / RollupTable.HourMicros;
        if (_expireAfter is null && hour <= _expiredHour)
        {
            return false;
        }

        var after = _expireAfter ?? 0;
        var next = await Writer.RunAsync(session => Expiry.ForgetResults(session, after, now, retention), cancellationToken);
        if (next is null && await Writer.RunAsync(session => Expiry.ForgetAlerts(session, now, retention), cancellationToken))
        {
            // The targets are done; the alerts go on at the next round from beyond the last of them.
            next = long.MaxValue / BlockKey.Span - 1;
        }

        _expireAfter = next;
        if (next is null)
        {
            _expiredHour = hour;
        }

        return next is not null;
    }
}
