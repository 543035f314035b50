using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Peers;
using Monitor.Grains.Shards;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Notifying;
using Monitor.UnitTests.Grains.Shards;
using Xunit;

namespace Monitor.UnitTests.Grains.Peers;

/// <summary>A silo of two that reaches neither the store nor the other one, and runs one target that tells one robot.</summary>
public sealed class CutOffWatchTests : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(0.5);

    private readonly FakeTime _time = new();
    private readonly SetClock _clock = new();
    private readonly LeaseStage _stage = new();
    private readonly NotifierBench _store = new();
    private readonly Robot _robot = new();
    private readonly HttpMessageInvoker _http;
    private readonly ShardNotifiers _robots;
    private readonly CutOffWatch _watch;

    public CutOffWatchTests()
    {
        _http = new HttpMessageInvoker(_robot);
        var silo = _stage.Add();
        silo.Keeper.Restore(CutOffPlanTests.After(2));
        _store.Channels.Clear();
        _store.Channels.Add(RobotSimulation.NewChannel(9, "key"));
        var factory = new NotifierFactory(
            _store, _store, _http, new NotifierOptions(new MessageOptions(Language.English, TimeZoneInfo.Utc, null), new byte[32]), _store.Time, NullLogger<Notifier>.Instance);
        _robots = new ShardNotifiers(_store, new StoreCondition(new Writing.FakeStore()), factory, _store.Time, NullLogger<ShardNotifiers>.Instance);
        _watch = new CutOffWatch(
            silo.Keeper, silo.Host, _robots, factory, new SiloIdentity("one", "default", "http://127.0.0.1:1", default), _clock, _time, NullLogger<CutOffWatch>.Instance);
    }

    [Fact]
    public async Task A_silo_whose_process_stands_still_between_its_looks_tells_nobody_that_it_is_cut_off()
    {
        await StartAsync();
        for (var look = 0; look < 30; look++)
        {
            await LookAsync(after: TimeSpan.FromSeconds(2));
        }

        Assert.Equal(0, _robot.Posts);

        // It runs as it should again, and is cut off all the same.
        for (var look = 0; look < 20; look++)
        {
            await LookAsync(after: Pace);
        }

        Assert.Equal(1, _robot.Posts);
    }

    [Fact]
    public async Task One_that_looks_in_time_tells_so_after_a_while()
    {
        await StartAsync();
        for (var look = 0; look < 9; look++)
        {
            await LookAsync(after: Pace);
        }

        Assert.Equal(0, _robot.Posts);
        await LookAsync(after: Pace);
        Assert.Equal(1, _robot.Posts);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
        _store.Time.Advance(TimeSpan.FromSeconds(1));
        await _robots.StopAsync(CancellationToken.None);
        _robots.Dispose();
        await _store.DisposeAsync();
        _http.Dispose();
        _robot.Dispose();
        _stage.Dispose();
    }

    private async Task StartAsync()
    {
        await _stage.Silos[0].Host.RunShardsAsync([new Fence(ShardMap.Of(Targets.GrainStage.Id), 1, 1, 1)], TestContext.Current.CancellationToken);
        await _robots.StartAsync(CancellationToken.None);
        Assert.Single(_robots.Channels);
        await SleepingAsync(() => _watch.StartAsync(CancellationToken.None));
    }

    private Task LookAsync(TimeSpan after)
    {
        _clock.Time += after;
        return SleepingAsync(() =>
        {
            _time.Advance(Pace);
            return Task.CompletedTask;
        });
    }

    /// <summary>Until the watch waits for its next look.</summary>
    private async Task SleepingAsync(Func<Task> act)
    {
        var armed = _time.Armed;
        await act();
        await _time.ArmedBeyondAsync(armed).WaitAsync(TestContext.Current.CancellationToken);
    }

    private sealed class SetClock : SteadyClock
    {
        /// <summary>The state of the lease is one of the tenth second.</summary>
        public TimeSpan Time { get; set; } = TimeSpan.FromSeconds(10);

        public override TimeSpan Now => Time;
    }

    private sealed class Robot : HttpMessageHandler
    {
        public int Posts { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Posts++;
            return Task.FromResult(NotifierBench.Json(HttpStatusCode.OK, """{"errcode":0,"errmsg":"ok"}"""));
        }
    }
}
