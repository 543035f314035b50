using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>
/// Who should have what, as every silo works it out from the same view, so that nobody has to be told. Rules:
/// <list type="bullet">
/// <item>Every live silo that is not stopping has a quota; quotas differ by one at most and add up to all shards. Who has more already keeps the greater ones, then who has the lower id: so a
/// quota does not change because somebody has taken what is due to it.</item>
/// <item>A shard counts for who wants it, else for its owner. What counts for nobody is dealt out by number to those below their quota, by id; then those above theirs give.</item>
/// <item>What is dealt to one silo is not touched by another. So nobody races, and nothing moves twice.</item>
/// </list>
/// </summary>
internal sealed class SharePlan
{
    private readonly ClusterView _view;
    private readonly List<long> _live = [];
    private readonly List<long> _gone = [0];
    private readonly List<int> _pool = [];
    private readonly int[] _counts;
    private readonly int[] _effective;
    private readonly int _me;

    private SharePlan(ClusterView view, long me, IReadOnlyList<SiloSeen> expired)
    {
        _view = view;
        foreach (var seen in expired)
        {
            _gone.Add(seen.Silo);
        }

        foreach (var silo in view.Silos)
        {
            if (silo.Dead)
            {
                _gone.Add(silo.Id);
            }
            else if (!silo.Stopping && !_gone.Contains(silo.Id))
            {
                _live.Add(silo.Id);
            }
        }

        _live.Sort();
        _me = _live.BinarySearch(me);
        _counts = new int[_live.Count];
        _effective = new int[view.Shards.Length];
    }

    /// <summary>Nobody's, or the dead's: to be claimed by me.</summary>
    public List<ShardRow> Claims { get; } = [];

    /// <summary>Others' that they should give to me.</summary>
    public List<ShardRow> Bids { get; } = [];

    /// <param name="me">When it is not among those that live, nothing is to be done.</param>
    /// <param name="expired">Of those that are not marked dead.</param>
    public static SharePlan Of(ClusterView view, long me, IReadOnlyList<SiloSeen> expired)
    {
        var plan = new SharePlan(view, me, expired);
        if (plan._me >= 0)
        {
            plan.Count();
            plan.Deal(plan.Deficits(out var excess), excess);
        }

        return plan;
    }

    public bool IsGone(long silo) => _gone.Contains(silo);

    private void Count()
    {
        for (var i = 0; i < _effective.Length; i++)
        {
            var row = _view.Shards[i];
            var who = row.WantedBy == 0 ? -1 : _live.BinarySearch(row.WantedBy);
            if (who < 0)
            {
                who = _live.BinarySearch(row.Owner);
            }

            _effective[i] = who;
            if (who < 0)
            {
                _pool.Add(i);
            }
            else
            {
                _counts[who]++;
            }
        }
    }

    private int[] Deficits(out int[] excess)
    {
        var low = _effective.Length / _live.Count;
        var greater = _effective.Length % _live.Count;
        var deficits = new int[_live.Count];
        excess = new int[_live.Count];
        foreach (var hasMore in (ReadOnlySpan<bool>)[true, false])
        {
            for (var i = 0; i < _live.Count; i++)
            {
                if (_counts[i] > low == hasMore)
                {
                    var quota = greater-- > 0 ? low + 1 : low;
                    deficits[i] = Math.Max(0, quota - _counts[i]);
                    excess[i] = Math.Max(0, _counts[i] - quota);
                }
            }
        }

        return deficits;
    }

    /// <summary>For everybody, and then what of it is mine to do.</summary>
    private void Deal(int[] deficits, int[] excess)
    {
        Give(excess);
        var dealt = 0;
        for (var silo = 0; silo < deficits.Length; silo++)
        {
            for (var left = deficits[silo]; left > 0 && dealt < _pool.Count; left--)
            {
                _effective[_pool[dealt++]] = silo;
            }
        }

        for (var i = 0; i < _effective.Length; i++)
        {
            var row = _view.Shards[i];
            if (_effective[i] != _me)
            {
                continue;
            }

            if (_gone.Contains(row.Owner))
            {
                Claims.Add(row);
            }
            else if (row.WantedBy != _live[_me] && (row.Owner != _live[_me] || _live.BinarySearch(row.WantedBy) >= 0))
            {
                // Also one's own, which another has bid for and should not have after all.
                Bids.Add(row);
            }
        }
    }

    /// <summary>Those above their quota give the last of what they have: first what they only bid for, so that it moves once and not twice.</summary>
    private void Give(int[] excess)
    {
        for (var silo = 0; silo < excess.Length; silo++)
        {
            foreach (var owned in (ReadOnlySpan<bool>)[false, true])
            {
                for (var i = _effective.Length - 1; i >= 0 && excess[silo] > 0; i--)
                {
                    if (_effective[i] == silo && _view.Shards[i].Owner == _live[silo] == owned)
                    {
                        _pool.Add(i);
                        excess[silo]--;
                    }
                }
            }
        }
    }
}
