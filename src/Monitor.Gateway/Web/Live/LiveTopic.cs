using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Monitor.Gateway.Api;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Live;

/// <summary>
/// One view that people look at, in one language and zone. What differs is found and drawn once, however many look; each of them is sent the same bytes.
/// Only the hub's loop calls it, and those that come and go, all under its lock.
/// </summary>
internal abstract class LiveTopic(Visitor visitor)
{
    private static readonly Dictionary<string, string> NoParts = new(0, StringComparer.Ordinal);

    private readonly Lock _lock = new();
    private readonly List<LiveSubscriber> _subscribers = [];
    private readonly Dictionary<string, Piece> _pieces = new(StringComparer.Ordinal);
    private Board? _drawnFrom;

    /// <summary>The visitor for whom it is drawn: without a name, and with no more rights than reading.</summary>
    protected Visitor Visitor => visitor;

    public bool HasSubscribers
    {
        get
        {
            lock (_lock)
            {
                return _subscribers.Count > 0;
            }
        }
    }

    /// <summary>True when there may be something new for this view.</summary>
    public abstract bool IsDue(Board board, Board? drawnFrom);

    /// <summary>The parts of the view by their ids in the page: all that may differ.</summary>
    protected abstract Task<LiveDrawing> DrawAsync(Board board, Visitor visitor, CancellationToken cancellationToken);

    public void Add(LiveSubscriber subscriber)
    {
        lock (_lock)
        {
            _subscribers.Add(subscriber);
        }
    }

    public void Remove(LiveSubscriber subscriber)
    {
        lock (_lock)
        {
            _subscribers.Remove(subscriber);
        }
    }

    /// <summary>Draws, and sends what differs to those who have seen the last, and to newcomers what is newer than their page.</summary>
    public async Task RoundAsync(Board board, CancellationToken cancellationToken)
    {
        LiveDrawing? drawing = null;
        if (IsDue(board, _drawnFrom))
        {
            drawing = await DrawAsync(board, visitor with { Now = board.At, Unhealthy = board.Count(Core.Health.HealthStatus.Unhealthy), StoreAway = board.Away }, cancellationToken);
            _drawnFrom = board;
        }

        lock (_lock)
        {
            var stamp = board.At.ToUnixTimeMilliseconds();
            var fresh = drawing is null ? [] : Fresh(drawing, stamp);
            var message = fresh.Count > 0 || drawing is { IsStale: true } ? Message(stamp, drawing!.IsStale ? NoParts : fresh, drawing.IsStale) : null;
            foreach (var subscriber in _subscribers.ToArray())
            {
                var sent = subscriber.IsNew
                    ? Welcome(subscriber, stamp)
                    : message is null || subscriber.Send(message);
                if (!sent)
                {
                    // Too slow to follow: it comes back by itself and is told all it has missed.
                    subscriber.End();
                    _subscribers.Remove(subscriber);
                }
            }
        }
    }

    private bool Welcome(LiveSubscriber subscriber, long stamp)
    {
        subscriber.IsNew = false;
        var missed = _pieces.Where(piece => piece.Value.Stamp > subscriber.Since).ToDictionary(piece => piece.Key, piece => piece.Value.Html, StringComparer.Ordinal);
        return subscriber.Send(Message(stamp, missed, isStale: false));
    }

    private Dictionary<string, string> Fresh(LiveDrawing drawing, long stamp)
    {
        var fresh = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (id, part) in drawing.Parts)
        {
            if (_pieces.TryGetValue(id, out var old) && old.Html == part.Html)
            {
                continue;
            }

            var isFirst = old is null;
            _pieces[id] = new Piece(part.Html, part.ChangedAt ?? stamp);
            if (!isFirst || part.ChangedAt is null)
            {
                fresh[id] = part.Html;
            }
        }

        return fresh;
    }

    private static byte[] Message(long stamp, IReadOnlyDictionary<string, string> parts, bool isStale)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("data: "u8);
        using (var writer = new Utf8JsonWriter(buffer, JsonAnswer.Readable))
        {
            writer.WriteStartObject();
            writer.WriteNumber("at", stamp);
            writer.WriteBoolean("stale", isStale);
            writer.WriteStartObject("set");
            foreach (var (id, html) in parts)
            {
                writer.WriteString(id, html);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        buffer.Write(Encoding.UTF8.GetBytes("\n\n"));
        return buffer.WrittenSpan.ToArray();
    }

    private sealed record Piece(string Html, long Stamp);
}

/// <summary>A view as it is drawn now.</summary>
/// <param name="Parts">By id. <c>ChangedAt</c>: unix milliseconds since when it is so, where that is known; null: since it was drawn.</param>
/// <param name="IsStale">More has changed than parts can say: the page is to be read anew.</param>
internal sealed record LiveDrawing(IReadOnlyDictionary<string, (string Html, long? ChangedAt)> Parts, bool IsStale = false);

/// <summary>One open page.</summary>
internal sealed class LiveSubscriber(long since)
{
    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(16) { SingleReader = true });

    /// <summary>Unix milliseconds: what the page already shows.</summary>
    public long Since => since;

    public bool IsNew { get; set; } = true;

    public ChannelReader<byte[]> Messages => _queue.Reader;

    public bool Send(byte[] message) => _queue.Writer.TryWrite(message);

    public void End() => _queue.Writer.TryComplete();
}
