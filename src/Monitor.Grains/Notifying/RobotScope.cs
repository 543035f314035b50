using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Monitor.Core.Shards;

namespace Monitor.Grains.Notifying;

/// <summary>Which robots a notifier answers for: all of them where there is one silo, else those whose key lies in one shard.</summary>
/// <param name="Fence">The right to the shard; null: nobody else sends, or this one stands in for who does.</param>
/// <param name="MaySend">Asked just before each POST: false once the shard is, or may be, another's.</param>
public sealed record RobotScope(Fence? Fence, Func<bool> MaySend)
{
    /// <summary>Null: all robots.</summary>
    public int? Shard { get; init; } = Fence?.Shard;

    /// <summary>POSTs to one robot within a minute, this process's own counted; asked before each.</summary>
    public Func<int> Most { get; init; } = () => SendBudget.Slots;

    /// <summary>In the place of an owner that is silent: nothing is begun without the right, and what was begun and not posted is given back in the store.</summary>
    public bool StandsIn => Fence is null && Shard is not null;

    /// <summary>
    /// How long, by this silo's own clock, a claim that an earlier owner left is watched before its message is sent again: its POST may still be under way,
    /// and takes 5 s at most.
    /// </summary>
    public static readonly TimeSpan OrphanAge = TimeSpan.FromSeconds(6);

    public static readonly RobotScope All = new(null, () => true);

    public bool Holds(string robot) => Shard is not { } shard || ShardOf(robot) == shard;

    /// <summary>A robot's name: tells which channels share it, and nothing of the URL.</summary>
    public static string NameOf(byte[] secret, string webhookUrl) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(webhookUrl)));

    public static int ShardOf(string robot) =>
        (int)(ulong.Parse(robot.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % ShardMap.Count);
}
