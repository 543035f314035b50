using System.Globalization;

namespace Monitor.SystemTests.Cluster;

/// <summary>What happens, and when, in one random history: all of it from the seed.</summary>
internal sealed record FaultPlan(int Seed, IReadOnlyList<FaultStep> Steps)
{
    public const int Silos = 3;
    public const int Sites = 12;

    /// <summary>A robot takes 20 messages a minute: more outages than this would be told late by right.</summary>
    private const int MostFalls = 6;

    /// <summary>Seconds in which something may begin.</summary>
    private const double Length = 16;

    public static FaultPlan Of(int seed)
    {
#pragma warning disable CA5394 // to be had again from the seed, and nothing is to be kept secret
        var random = new Random(seed);

        // Without something that is down there is nothing that could be lost.
        var steps = new List<FaultStep> { new(0.5, FaultKind.Fall, random.Next(1, 4), 0) };
        var (at, falls, storeUntil, promoted) = (1.0, steps[0].Which, 0.0, false);
        var busyUntil = new double[Silos];
        while (at < Length)
        {
            var silo = random.Next(Silos);
            var lasts = 1 + (7 * random.NextDouble());
            var kind = (FaultKind)random.Next(Enum.GetValues<FaultKind>().Length);
            var siloIsFree = busyUntil[silo] <= at && busyUntil.Count(until => until > at) < Silos - 1;
            switch (kind)
            {
                case FaultKind.Fall when falls < MostFalls:
                    var count = Math.Min(random.Next(1, 4), MostFalls - falls);
                    falls += count;
                    steps.Add(new FaultStep(at, kind, count, 0));
                    break;
                case FaultKind.Rise or FaultKind.Edit or FaultKind.Disable:
                    steps.Add(new FaultStep(at, kind, random.Next(1, 4), 0));
                    break;
                case FaultKind.Kill or FaultKind.Freeze or FaultKind.Cut or FaultKind.Isolate or FaultKind.Stop when siloIsFree:
                    busyUntil[silo] = at + lasts + 4;
                    steps.Add(new FaultStep(at, kind, silo, lasts));
                    break;
                case FaultKind.StoreDown when storeUntil <= at:
                    storeUntil = at + lasts + 4;
                    steps.Add(new FaultStep(at, kind, 0, lasts));
                    break;
                case FaultKind.Promote when !promoted && storeUntil <= at:
                    (promoted, storeUntil) = (true, at + 6);
                    steps.Add(new FaultStep(at, kind, 0, 0));
                    break;
                default:
                    continue;
            }

            at += 0.3 + (2.5 * random.NextDouble());
        }
#pragma warning restore CA5394

        return new FaultPlan(seed, steps);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"seed {Seed}: ") + string.Join(", ", Steps);
}

/// <param name="At">Seconds from the beginning.</param>
/// <param name="Which">The silo; of falls, rises and edits how many.</param>
/// <param name="Lasts">Seconds until it is started again, thawed, healed.</param>
internal sealed record FaultStep(double At, FaultKind Kind, int Which, double Lasts)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At:0.0} {Kind} {Which}{(Lasts > 0 ? $" for {Lasts:0.0}" : "")}");
}

internal enum FaultKind
{
    Fall,
    Rise,

    /// <summary>An edit that changes nothing of what is told.</summary>
    Edit,

    /// <summary>A target that is down is no longer watched: that ends its alert.</summary>
    Disable,
    Kill,
    Stop,
    Freeze,

    /// <summary>From the store.</summary>
    Cut,

    /// <summary>From the store, while no silo reaches another.</summary>
    Isolate,
    StoreDown,
    Promote,
}
