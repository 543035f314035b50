using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Monitor.Gateway.Web.Live;

/// <summary>
/// Looks once a second while anybody has a page open, and not at all while nobody has. One look at the board serves all;
/// each view that is open somewhere is drawn at most once a look, and only when something in it may differ.
/// </summary>
internal sealed partial class LiveHub(BoardReader reader, TimeProvider time, ILogger<LiveHub> log) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, LiveTopic> _topics = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _somebody = new(0);
    private readonly Lock _lock = new();

    /// <param name="key">All that a view depends on: its address, language, zone, role.</param>
    public (LiveTopic Topic, LiveSubscriber Subscriber) Join(string key, long since, Func<LiveTopic> make)
    {
        var subscriber = new LiveSubscriber(since);
        lock (_lock)
        {
            var topic = _topics.GetOrAdd(key, _ => make());
            topic.Add(subscriber);
            if (_somebody.CurrentCount == 0)
            {
                _somebody.Release();
            }

            return (topic, subscriber);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (_topics.IsEmpty)
            {
                await _somebody.WaitAsync(stoppingToken);
            }

            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The hub works for all pages: it does not end because of one look.
                LogLookFailed(e.Message);
            }

            await Task.Delay(Round, time, stoppingToken);
        }
    }

    public override void Dispose()
    {
        _somebody.Dispose();
        base.Dispose();
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var board = await reader.ReadAsync(cancellationToken);
        foreach (var (key, topic) in _topics)
        {
            lock (_lock)
            {
                if (!topic.HasSubscribers)
                {
                    _topics.TryRemove(key, out _);
                    continue;
                }
            }

            try
            {
                await topic.RoundAsync(board, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogTopicFailed(e, key);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Live pages are not up to date: {Reason}")]
    private partial void LogLookFailed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The live view {View} could not be drawn")]
    private partial void LogTopicFailed(Exception error, string view);
}
