using Monitor.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>
/// The store and the journal's disk go and come, commits hang or are done but reported as failed, the process is killed: whatever was told to be committed,
/// or kept while the journal took records, is in the store at the end, once and in order.
/// </summary>
public sealed class RandomHistoryTests
{
    [Fact]
    public async Task Whatever_happens_what_was_promised_is_in_the_store_once_and_in_order()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            await using var history = new History(seed);
            await history.RunAsync();
        }
    }

    private sealed class History(int seed) : IAsyncDisposable
    {
        private static readonly Fault[] Kinds = [Fault.None, Fault.None, Fault.Before, Fault.After, Fault.Hang, Fault.HangThenFail];

        private readonly Random _random = new(seed);
        private readonly Dictionary<long, List<Written>> _told = [];
        private readonly List<Task> _unheard = [];
        private readonly HashSet<(long, DateTimeOffset)> _results = [];
        private WriterRig _rig = new();
        private int _mark;

        public async Task RunAsync()
        {
            await _rig.StartedAsync();
            for (var step = 0; step < 40; step++)
            {
                await StepAsync();
            }

            await HealAsync();
            Assert.True(_results.IsSubsetOf(_rig.Store.Results), $"seed {seed}: results are missing");
            Check();
        }

        public ValueTask DisposeAsync() => _rig.DisposeAsync();

        private Task StepAsync() => _random.Next(12) switch
        {
            0 => SetFaultAsync(),
            1 => SetDiskAsync(),
            2 => KillAsync(),
            3 => _rig.RunUntilAsync(AfterSeconds(_random.Next(1, 4))),
            4 => AddResultAsync(),
            _ => WriteAsync(),
        };

        private Func<bool> AfterSeconds(int seconds)
        {
            var until = _rig.Time.GetUtcNow().AddSeconds(seconds);
            return () => _rig.Time.GetUtcNow() >= until;
        }

        private Task SetFaultAsync()
        {
            var kind = Kinds[_random.Next(Kinds.Length)];
            var open = _rig.Store.Gate;
            _rig.Store.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _rig.Store.Faults = _ => kind;
            open.TrySetResult();
            return Task.CompletedTask;
        }

        private Task SetDiskAsync()
        {
            _rig.Files.Denied = _random.Next(3) == 0;
            _rig.Files.CannotTruncate = _random.Next(2) == 0;
            _rig.Files.Room = _random.Next(3) == 0 ? _random.Next(2000) : long.MaxValue;
            return Task.CompletedTask;
        }

        private Task AddResultAsync()
        {
            var result = Samples.Result(100, ++_mark);
            _rig.Writer.Add(result);
            return Task.CompletedTask;
        }

        private async Task WriteAsync()
        {
            var target = _random.Next(1, 4);
            var history = Of(target);
            var mark = new Written(++_mark);
            var state = Samples.State(target, history.Count);
            var result = Samples.Result(target, mark.Mark);
            var write = _rig.Writer.WriteAsync(
                state with { State = state.State with { LastEpisode = mark.Mark } }, result, TestContext.Current.CancellationToken);
            var durability = await _rig.RunUntilAsync(write);
            Assert.True(durability is Durability.Committed or Durability.Kept, $"seed {seed}: {durability} at {mark.Mark}");
            history.Add(mark);
            mark.IsPromised = durability == Durability.Committed
                || !_rig.Condition.Reasons().Any(reason => reason.English.Contains("memory", StringComparison.Ordinal));
            if (mark.IsPromised)
            {
                _results.Add((result.TargetId, result.CheckedAt));
            }
        }

        /// <summary>Now and then with a write under way, of which nobody hears any more.</summary>
        private async Task KillAsync()
        {
            if (_random.Next(2) == 0)
            {
                var state = Samples.State(3, Of(3).Count);
                Of(3).Add(new Written(++_mark));
                _unheard.Add(_rig.WriteAsync(state with { State = state.State with { LastEpisode = _mark } }));
            }

            var dead = _rig;
            var left = dead.Files.AfterKill();
            dead.Store.Faults = _ => Fault.Before;
            dead.Store.Gate.TrySetResult();
            _rig = await new WriterRig(new FakeStore(dead.Store), left).StartedAsync();
            Check();
            foreach (var (target, history) in _told)
            {
                history.Clear();
                history.AddRange(Stored(target).Select(mark => new Written(mark) { IsPromised = true }));
            }

            await dead.DisposeAsync();
        }

        private async Task HealAsync()
        {
            var open = _rig.Store.Gate;
            _rig.Store.Faults = _ => Fault.None;
            open.TrySetResult();
            await _rig.RunUntilAsync(() => _rig.Condition.Reasons().Count == 0);
            foreach (var written in _told.Values.SelectMany(history => history))
            {
                written.IsPromised = true;
            }
        }

        private void Check()
        {
            foreach (var (target, history) in _told)
            {
                var stored = Stored(target);
                Assert.True(
                    stored.SequenceEqual(history.Select(written => written.Mark).Take(stored.Count)),
                    $"seed {seed}: target {target} has {string.Join(' ', stored)}, told was {string.Join(' ', history.Select(written => written.Mark))}");
                Assert.True(history.Skip(stored.Count).All(written => !written.IsPromised), $"seed {seed}: target {target} lost what was promised");
            }
        }

        private List<int> Stored(long target) =>
            _rig.Store.States.TryGetValue(target, out var states) ? [.. states.Select(state => state.State.LastEpisode)] : [];

        private List<Written> Of(long target) => _told.TryGetValue(target, out var history) ? history : _told[target] = [];

        private sealed class Written(int mark)
        {
            public int Mark { get; } = mark;

            public bool IsPromised { get; set; }
        }
    }
}
