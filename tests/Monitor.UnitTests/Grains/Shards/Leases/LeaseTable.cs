using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>The tables of silos and shards as the port describes them: every call is one step. What each call reads is an image that nobody changes.</summary>
internal sealed class LeaseTable
{
    private readonly Dictionary<Guid, long> _instances = [];
    private readonly List<(TimeSpan At, ClusterView Image)> _past = [];
    private long _lastSilo;

    public LeaseTable(int shards) =>
        Image = new ClusterView(1, [], [.. Enumerable.Range(0, shards).Select(shard => new ShardRow(shard, 0, 0, 0, 0))]);

    public ClusterView Image { get; private set; }

    /// <summary>Statements that were executed.</summary>
    public int Calls { get; private set; }

    /// <summary>Remembers how it is after a change, for a standby that lags behind.</summary>
    public void Keep(TimeSpan now) => _past.Add((now, Image));

    /// <summary>A standby takes over that has only what was stored until then.</summary>
    public void Promote(TimeSpan asOf)
    {
        var known = Math.Max(0, _past.FindLastIndex(past => past.At <= asOf));
        Image = _past[known].Image with { Timeline = Image.Timeline + 1 };
    }

    public long Register(SiloIdentity silo, Guid instance)
    {
        Calls++;
        if (_instances.TryGetValue(instance, out var id) && Find(id) is not null)
        {
            return id;
        }

        id = ++_lastSilo;
        _instances[instance] = id;
        Image = Image with
        {
            Silos = [.. Image.Silos.Where(row => !row.Dead || Image.Shards.Any(shard => shard.Owner == row.Id || shard.WantedBy == row.Id)), new SiloRow(id, silo.Name, silo.Address, silo.Zone, 1, false, false)],
        };
        return id;
    }

    public BeatAnswer Beat(long silo, long beat)
    {
        Calls++;
        if (Find(silo) is not { Dead: false } row || row.Beat >= beat)
        {
            return new BeatAnswer(false, Image);
        }

        Put(row with { Beat = beat });
        return new BeatAnswer(true, Image);
    }

    public ClusterView Look()
    {
        Calls++;
        return Image;
    }

    public ClaimAnswer Claim(ClaimRequest request)
    {
        Calls++;
        if (Find(request.Silo) is not { Dead: false } me)
        {
            return new ClaimAnswer(false, []);
        }

        if (me.Stopping || request.Timeline != Image.Timeline)
        {
            return new ClaimAnswer(true, []);
        }

        foreach (var dead in request.Dead)
        {
            if (Find(dead.Silo) is { Dead: false } row && row.Beat == dead.Beat)
            {
                Put(row with { Dead = true });
            }
        }

        var fences = new List<Fence>();
        foreach (var (shard, epoch) in request.Shards)
        {
            var row = Image.Shards[shard];
            if (row.Epoch == epoch && (row.Owner == 0 || Find(row.Owner) is { Dead: true }))
            {
                Put(row with { Owner = me.Id, Epoch = epoch + 1, WantedBy = 0 });
                fences.Add(new Fence(shard, me.Id, epoch + 1, Image.Timeline));
            }
        }

        return new ClaimAnswer(true, fences);
    }

    public IReadOnlyList<int> Bid(long silo, long timeline, IReadOnlyList<ShardBid> bids)
    {
        Calls++;
        var done = new List<int>();
        if (Find(silo) is { Dead: false, Stopping: false } && timeline == Image.Timeline)
        {
            foreach (var bid in bids)
            {
                if (Image.Shards[bid.Shard] is var row && row.Epoch == bid.Epoch && row.WantedBy == bid.WantedBefore)
                {
                    Put(row with { WantedBy = silo });
                    done.Add(bid.Shard);
                }
            }
        }

        return done;
    }

    public IReadOnlyList<int> HandOver(long silo, long timeline, IReadOnlyList<ShardGift> gifts)
    {
        Calls++;
        var done = new List<int>();
        if (Find(silo) is { Dead: false } && timeline == Image.Timeline)
        {
            foreach (var gift in gifts)
            {
                var row = Image.Shards[gift.Shard];
                if (row.Owner == silo && row.Epoch == gift.Epoch && row.WantedBy == gift.To && Find(gift.To) is { Dead: false, Stopping: false })
                {
                    Put(row with { Owner = gift.To, Epoch = row.Epoch + 1, WantedBy = 0 });
                    done.Add(gift.Shard);
                }
            }
        }

        return done;
    }

    public ClaimAnswer Reclaim(long silo, long timeline, IReadOnlyList<Fence> held)
    {
        Calls++;
        if (Find(silo) is not { Dead: false })
        {
            return new ClaimAnswer(false, []);
        }

        var fences = new List<Fence>();
        foreach (var fence in timeline == Image.Timeline ? held : [])
        {
            var row = Image.Shards[fence.Shard];
            if (row.Owner == silo || row.Epoch < fence.Epoch)
            {
                var epoch = Math.Max(row.Epoch, fence.Epoch) + 1;
                Put(row with { Owner = silo, Epoch = epoch, WantedBy = 0 });
                fences.Add(new Fence(fence.Shard, silo, epoch, timeline));
            }
        }

        return new ClaimAnswer(true, fences);
    }

    public void MarkStopping(long silo)
    {
        Calls++;
        if (Find(silo) is { } row)
        {
            Put(row with { Stopping = true });
        }
    }

    public void Leave(long silo)
    {
        Calls++;
        if (Find(silo) is { } row)
        {
            Put(row with { Dead = true });
        }
    }

    /// <summary>A target of the shard was edited.</summary>
    public void Edit(int shard) => Put(Image.Shards[shard] with { Version = Image.Shards[shard].Version + 1 });

    /// <summary>It is another's from here, whom nobody here knows.</summary>
    public void Seize(int shard, long owner) => Put(Image.Shards[shard] with { Owner = owner, Epoch = Image.Shards[shard].Epoch + 1 });

    /// <summary>Whether a commit by this fence would be taken.</summary>
    public bool Accepts(Fence fence) =>
        Image.Timeline == fence.Timeline && Image.Shards[fence.Shard] is var row && row.Owner == fence.Owner && row.Epoch == fence.Epoch;

    private SiloRow? Find(long silo)
    {
        foreach (var row in Image.Silos)
        {
            if (row.Id == silo)
            {
                return row;
            }
        }

        return null;
    }

    private void Put(SiloRow row) => Image = Image with { Silos = Image.Silos.Replace(Find(row.Id)!, row, ReferenceEqualityComparer.Instance) };

    private void Put(ShardRow row) => Image = Image with { Shards = Image.Shards.SetItem(row.Shard, row) };
}
