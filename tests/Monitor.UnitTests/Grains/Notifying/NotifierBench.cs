using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>A running notifier with a store in memory that outlives it, a robot in memory and a clock that stands still.</summary>
internal sealed class NotifierBench : IRecordWriter, IGrainStore, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(Func<bool> Condition, TaskCompletionSource Signal)> _waiters = [];

    public NotifierBench() => Clock = new BenchTime(Time);

    public FakeTime Time { get; } = new();

    public BenchTime Clock { get; }

    public Dictionary<DeliveryKey, OpenDelivery> Rows { get; } = [];

    public Dictionary<string, SendSlot> Slots { get; } = [];

    public List<Channel> Channels { get; } = [RobotSimulation.NewChannel(1, "secret-key-1")];

    /// <summary>Message types and contents as the robot got them.</summary>
    public List<(string Url, string Type, string Content)> Posts { get; } = [];

    public List<string> Log { get; } = [];

    /// <summary>How the robot answers; by default 0 ok.</summary>
    public Func<int, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } = static (_, _) => Task.FromResult(Json(HttpStatusCode.OK, """{"errcode":0,"errmsg":"ok"}"""));

    /// <summary>Named steps at which the process stands still for good: the write before which it does.</summary>
    public Func<DeliveryWrite, Task<Durability>>? Write { get; set; }

    public Exception? LoadFailure { get; set; }

    public RobotScope Scope { get; set; } = RobotScope.All;

    public Notifier Notifier { get; private set; } = null!;

    public static HttpResponseMessage Json(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public async Task<NotifierBench> StartAsync(bool loaded = true)
    {
        var options = new NotifierOptions(new MessageOptions(Language.English, TimeZoneInfo.Utc, null), new byte[32]);
        Notifier = new Notifier(this, this, new HttpMessageInvoker(new Robot(this)), options, Clock, new ListLogger(this), Scope);
        await Notifier.StartAsync(CancellationToken.None);
        if (loaded)
        {
            await Notifier.Loaded;
        }

        return this;
    }

    /// <summary>Commits and hands over.</summary>
    public void Decide(AlertRecord alert, DeliveryKind kind, params long[] channels)
    {
        var open = channels.Select(channel => new OpenDelivery(
            new Delivery { Key = new DeliveryKey(alert.TargetId, alert.Episode, kind, channel), CreatedAt = Time.GetUtcNow() }, alert)).ToList();
        Change(() => open.ForEach(one => Rows.TryAdd(one.Delivery.Key, one)));
        Notifier.Enqueue(open);
    }

    public Delivery Row(AlertRecord alert, DeliveryKind kind, long channel = 1)
    {
        lock (_lock)
        {
            return Rows[new DeliveryKey(alert.TargetId, alert.Episode, kind, channel)].Delivery;
        }
    }

    /// <summary>Waits for the state of store and robot, not for time.</summary>
    public Task UntilAsync(Func<bool> condition)
    {
        lock (_lock)
        {
            if (condition())
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((condition, signal));
            return signal.Task.WaitAsync(TimeSpan.FromSeconds(20), Xunit.TestContext.Current.CancellationToken);
        }
    }

    public Task<Durability> WriteAsync(DeliveryWrite deliveries, CancellationToken cancellationToken)
    {
        if (Write is { } instead)
        {
            return instead(deliveries).WaitAsync(cancellationToken);
        }

        Store(deliveries);
        return Task.FromResult(Durability.Committed);
    }

    public void Store(DeliveryWrite write) => Change(() =>
    {
        foreach (var row in write.Deliveries)
        {
            Rows[row.Key] = Rows[row.Key] with { Delivery = row };
        }

        foreach (var slot in write.Sends)
        {
            Slots[slot.MessageId] = slot;
        }
    });

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) =>
        LoadFailure is { } failure ? Task.FromException<IReadOnlyList<Channel>>(failure) : Task.FromResult<IReadOnlyList<Channel>>([.. Channels]);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<OpenDelivery>>([.. Rows.Values.Where(row => row.Delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending)]);
        }
    }

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<SendSlot>>([.. Slots.Values.Where(slot => slot.StartedAt >= since)]);
        }
    }

    public void Add(CheckRecord result) => throw new NotSupportedException();

    public Task<Durability> WriteAsync(StateWrite state, CheckRecord? result, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async ValueTask DisposeAsync()
    {
        if (Notifier is null)
        {
            // Never started: its store alone was wanted.
            return;
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await Notifier.StopAsync(now.Token);
        Notifier.Dispose();
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            foreach (var (_, signal) in _waiters.Where(waiter => waiter.Condition()).ToList())
            {
                signal.TrySetResult();
            }

            _waiters.RemoveAll(waiter => waiter.Signal.Task.IsCompleted);
        }
    }

    private sealed class Robot(NotifierBench bench) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            Xunit.Assert.Equal("application/json; charset=utf-8", request.Content.Headers.ContentType!.ToString());
            using var json = JsonDocument.Parse(body);
            var type = json.RootElement.GetProperty("msgtype").GetString()!;
            var number = 0;
            bench.Change(() =>
            {
                number = bench.Posts.Count;
                bench.Posts.Add((request.RequestUri!.AbsoluteUri, type, json.RootElement.GetProperty(type).GetProperty("content").GetString()!));
            });
            return await bench.Answer(number, cancellationToken);
        }
    }

    private sealed class ListLogger(NotifierBench bench) : ILogger<Notifier>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            bench.Change(() => bench.Log.Add(formatter(state, exception) + exception));
    }
}
