using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Which versions of which requests a broker takes. One that it does not list it answers by hanging up.</summary>
public sealed class ApiRanges
{
    public static readonly ApiRanges None = new();

    private const int Known = (int)KafkaApi.ConsumerGroupDescribe + 1;

    private readonly short[] _min = new short[Known];
    private readonly short[] _max = new short[Known];

    private ApiRanges() => Array.Fill(_max, (short)-1);

    /// <summary>The best version up to <paramref name="ours"/>; null when the broker takes none between the two.</summary>
    public short? Version(KafkaApi api, short least, short ours)
    {
        var best = Math.Min(ours, _max[(int)api]);
        return best >= least && best >= _min[(int)api] ? best : null;
    }

    public static void Ask(RequestWriter requests) => requests.Begin(KafkaApi.ApiVersions, 0).End();

    /// <summary>Null when it is not such an answer.</summary>
    public static (ApiRanges Ranges, short Error)? Read(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        var ranges = new ApiRanges();
        var error = reader.Int16();
        for (var left = reader.Count(3 * sizeof(short)); left > 0; left--)
        {
            var (key, min, max) = (reader.Int16(), reader.Int16(), reader.Int16());
            if (key is >= 0 and < Known)
            {
                (ranges._min[key], ranges._max[key]) = (min, max);
            }
        }

        return reader.Broken ? null : (ranges, error);
    }

    /// <summary>Why the broker is of no use: a version that the probe cannot do without.</summary>
    public WireFault? Lacks(KafkaApi api, short version) => Version(api, version, version) is not null
        ? null
        : WireFault.Protocol(_max[(int)api] < 0
            ? $"the broker offers no {api}: Kafka 0.11 or newer is needed"
            : $"the broker takes {api} {_min[(int)api]}-{_max[(int)api]}, version {version} is needed (Kafka 0.11 or newer)");
}
