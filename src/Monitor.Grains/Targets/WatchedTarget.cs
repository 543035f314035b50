using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Grains.Targets;

/// <summary>What of a target its owner needs, with the config read once. Holds neither the config's text nor its labels: there are ten thousand of these.</summary>
public sealed class WatchedTarget
{
    private WatchedTarget(Target target, IProber? prober, object? config, LocalizedText trouble)
    {
        var settings = target.Settings;
        Id = target.Id;
        Revision = target.Revision;
        Location = target.Location == Target.DefaultLocation ? Target.DefaultLocation : target.Location;
        Name = settings.Name;
        Endpoint = settings.Endpoint;
        Group = settings.Group;
        Interval = TimeSpan.FromSeconds(settings.IntervalSeconds);
        Timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);
        Retry = settings.RetryIntervalSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        Rules = HealthRules.Of(settings) with { Type = prober?.Type ?? settings.Type };
        Prober = prober;
        Config = config;
        Trouble = trouble;
        ConfigDigest = Digest(settings.Config);
    }

    public long Id { get; }
    public long Revision { get; }
    public string Location { get; }
    public string Name { get; }
    public string Endpoint { get; }
    public string? Group { get; }
    public TimeSpan Interval { get; }
    public TimeSpan Timeout { get; }
    public TimeSpan? Retry { get; }
    public HealthRules Rules { get; }
    public IProber? Prober { get; }

    /// <summary>What the prober made of the config; null where it cannot be probed, and <see cref="Trouble"/> says why.</summary>
    public object? Config { get; }

    public LocalizedText Trouble { get; }

    /// <summary>Tells an edit of the config from one of the name.</summary>
    public UInt128 ConfigDigest { get; }

    public static WatchedTarget Of(Target target, ProberCatalog catalog)
    {
        var type = target.Settings.Type;
        if (catalog.Find(type) is not { } prober)
        {
            return new WatchedTarget(target, null, null, ProbeTexts.UnknownType(type));
        }

        try
        {
            var reading = prober.Read(JsonElement.Parse(target.Settings.Config));
            return reading.Config is { } config
                ? new WatchedTarget(target, prober, config, default)
                : new WatchedTarget(target, prober, null, ProbeTexts.Unreadable(string.Join("; ", reading.Errors.Select(error => $"{error.Path}: {error.Message}"))));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One target that an older version accepted must not keep the others from being loaded. The message may quote the config.
            return new WatchedTarget(target, prober, null, ProbeTexts.Unreadable(e.GetType().Name));
        }
    }

    private static UInt128 Digest(string config)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(config), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
