using Monitor.Grains.Shards.Leases;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>Faults of all kinds at random times, healed in the end; between them what is promised of an undisturbed time.</summary>
internal sealed class RandomHistory
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Recovery = 12 * Second;

    private readonly Simulation _world;
    private readonly Dice _random;
    private readonly Happening _work;
    private readonly bool _cutPeers;
    private readonly bool _small;
    private readonly List<(TimeSpan At, int Dice, SimSilo? Silo)> _log = [];

    /// <param name="small">A few shards, silos and faults, and no longer than it takes: so that very many can be played.</param>
    public RandomHistory(int seed, bool cutPeers, bool small = false)
    {
        _world = new Simulation(seed, shards: small ? 1 + seed % 4 : 8 + seed % 9) { PeersMayBeWrong = cutPeers };
        _random = _world.Random;
        _work = new Happening(Work);
        _cutPeers = cutPeers;
        _small = small;
        for (var i = 0; i <= seed % 3; i++)
        {
            _world.Add();
        }
    }

    /// <summary>Each silo that lives and is not stopping owns its share, to one shard.</summary>
    public static bool IsBalanced(Simulation world)
    {
        var live = world.Living.Where(silo => silo is { Frozen: false, Stalled: false, StoreCut: false } && silo.State.Stop == StopStage.None).ToArray();
        var shards = world.Table.Image.Shards;
        var (low, rest) = Math.DivRem(shards.Length, live.Length);
        var owned = 0;
        foreach (var silo in live)
        {
            var share = shards.Count(shard => shard.Owner == silo.State.Silo);
            owned += share;
            if (share < low || share > low + Math.Sign(rest))
            {
                return false;
            }
        }

        return owned == shards.Length;
    }

    /// <returns>Steps of the protocol that were made.</returns>
    public int Run()
    {
        Work();
        var faults = _small ? _random.Next(1, 4) : _random.Next(3, 12);
        for (var i = 0; i < faults; i++)
        {
            Disturb();
            _world.Run(TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(_small ? 4000 : 12_000) : _random.Next(_small ? 1000 : 2500)));
            Check("after a fault");
        }

        Heal();
        Recover();
        Check("while it heals");
        _world.ResetFigures();
        _world.Run(_small ? Second : 5 * Second);
        Check("at rest");
        if (_world.LongestHole > Second / 2)
        {
            throw new InvalidOperationException($"a shard is not run at rest ({_world.LongestHole})\n{Story()}");
        }

        if (!IsBalanced(_world) || _world.Moves.Sum() > 0)
        {
            throw new InvalidOperationException($"not balanced at rest\n{Story()}");
        }

        if (_world.ToldWithoutRecord().ToArray() is { Length: > 0 } lost)
        {
            throw new InvalidOperationException($"told without a record: {string.Join(' ', lost)}\n{Story()}");
        }

        return _world.Steps;
    }

    private void Recover()
    {
        var until = _world.Now + Recovery;
        do
        {
            _world.Run(_small ? Second / 10 : Recovery);
        }
        while (_world.Now < until && _world.Broken.Count == 0 && !IsRecovered());
    }

    /// <summary>
    /// Whoever is to leave has left, whoever has died is known to be dead (or a call of before could still change something), the others have been heard by the store lately, and each shard is
    /// run by whom it is due to and wanted by nobody else.
    /// </summary>
    private bool IsRecovered() =>
        _world.Living.TrueForAll(HasRecovered)
        && _world.Table.Image.Silos.All(row => row.Dead || _world.Living.Exists(silo => silo.State.Silo == row.Id))
        && _world.Living.Aggregate(0UL, (run, silo) => run | silo.Believes()) == _world.All
        && !_world.Table.Image.Shards.Any(shard => _world.Table.Image.Silos.Any(silo => silo.Id == shard.WantedBy && !silo.Dead))
        && IsBalanced(_world);

    private bool HasRecovered(SimSilo silo) =>
        !silo.Frozen && silo.State is { Stop: StopStage.None, MustReclaim: false } state && state.Timeline == _world.Table.Image.Timeline && silo.Clock - state.BeatenFrom < Second;

    private void Work()
    {
        if (Pick() is { } silo)
        {
            silo.Decide(_random.Next(_world.Moves.Length));
        }

        _world.At(_world.Now + TimeSpan.FromMilliseconds(_random.Next(_small ? 400 : 100)), null, _work);
    }

    private void Check(string when)
    {
        if (_world.Broken.Count > 0)
        {
            throw new InvalidOperationException($"{when}: {string.Join('\n', _world.Broken)}\n{Story()}");
        }
    }

    private string Story() => string.Join('\n', _log.Select(fault => $"{fault.At}: {fault.Dice} on silo {fault.Silo?.Number}")) + "\n" + _world.Describe();

    private SimSilo? Pick()
    {
        var awake = 0;
        foreach (var silo in _world.Living)
        {
            awake += silo.Frozen ? 0 : 1;
        }

        var index = awake == 0 ? -1 : _random.Next(awake);
        return index < 0 ? null : _world.Living.Where(silo => !silo.Frozen).ElementAt(index);
    }

    private void Disturb()
    {
        var silo = Pick();
        var dice = _random.Next(_cutPeers ? 13 : 11);
        _log.Add((_world.Now, dice, silo));
        switch (dice)
        {
            case 0 or 1:
                if (_world.Silos.Count(other => other.Alive) < (_small ? 3 : 5))
                {
                    _world.Add();
                }

                break;
            case 2 or 3:
                Restart(silo);
                break;
            case 4:
                silo?.Freeze(_world.Now + TimeSpan.FromMilliseconds(_random.Next(_small ? 4000 : 8000)));
                break;
            case 5:
                silo?.Stop();
                break;
            case 6 when silo is not null:
                silo.StoreCut = !silo.StoreCut;
                break;
            case 7:
                _world.StoreUp = !_world.StoreUp;
                break;
            case 8 when silo is not null:
                silo.Stalled = !silo.Stalled;
                break;
            case 9:
                _world.StoreSlow = !_world.StoreSlow;
                break;
            case 10:
                _world.StoreUp = false;
                _world.Run(TimeSpan.FromMilliseconds(_random.Next(5000)));
                _world.Promote(TimeSpan.FromMilliseconds(_random.Next(1000)));
                break;
            case > 10 when silo is not null && Pick() is { } other && other != silo:
                _world.Cut(silo, other, cut: _random.Next(3) > 0);
                break;
        }
    }

    /// <summary>Killed; and started again with what its journal has, if the store is away.</summary>
    private void Restart(SimSilo? silo)
    {
        if (silo is null)
        {
            return;
        }

        silo.Kill();
        if (_random.Next(2) == 0)
        {
            return;
        }

        var before = silo.State;
        _world.Add(
            !_world.StoreUp && before is { Silo: > 0, View: { } view }
                ? LeaseState.Restored(before.Rules, before.Silo, view, [.. before.Held.Values.Select(held => held.Fence)])
                : null,
            new Journal());
    }

    private void Heal()
    {
        _world.StoreUp = true;
        _world.StoreSlow = false;
        foreach (var silo in _world.Silos)
        {
            silo.StoreCut = false;
            silo.Stalled = false;
            foreach (var other in _world.Silos)
            {
                _world.Cut(silo, other, cut: false);
            }
        }

        if (!_world.Silos.Any(silo => silo.Alive && silo.State.Stop == StopStage.None))
        {
            _world.Add();
        }
    }
}
