using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Postgres;
using Xunit;

namespace Monitor.UnitTests.Storage;

public sealed class TogetherTests
{
    private readonly List<int[]> _asked = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_while_one_is_under_way_is_asked_together_and_each_gets_its_own_answer()
    {
        var calls = new Together<int, int>(asked => HoldFirstAsync(asked, () => [.. asked.Select(one => one * 10)]), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var answers = Enumerable.Range(0, 5).Select(one => calls.RunAsync(one, Token)).ToArray();
        _first.SetResult();
        Assert.Equal(Enumerable.Range(0, 5).Select(one => one * 10), await Task.WhenAll(answers));
        Assert.Equal(Enumerable.Range(0, 5), _asked.SelectMany(one => one));
        Assert.True(_asked.Count <= 2, "more than one call while another was under way");
        Assert.Equal(70, await calls.RunAsync(7, Token));
    }

    [Fact]
    public async Task Those_who_were_answered_together_and_ask_again_at_once_are_not_kept_waiting()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = new Together<int, int>(
            asked =>
            {
                begun.TrySetResult();
                return HoldFirstAsync(asked, () => [.. asked]);
            },
            TimeSpan.FromHours(1),
            TimeProvider.System);
        var first = calls.RunAsync(0, Token);
        await begun.Task;
        var others = Enumerable.Range(1, 4).Select(one => calls.RunAsync(one, Token)).ToArray();
        _first.SetResult();
        await first;
        await Task.WhenAll(others);

        // Fewer than four would wait for an hour.
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(1, 4).Select(one => calls.RunAsync(one, Token)));
        }

        Assert.Equal([1, 4, 4, 4, 4], _asked.Select(group => group.Length));
    }

    [Fact]
    public async Task One_that_is_refused_does_not_take_the_others_with_it()
    {
        var calls = new Together<int, int>(
            asked => HoldFirstAsync(asked, () => asked.Contains(3) ? throw new FormatException("three") : [.. asked]), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var answers = Enumerable.Range(0, 5).Select(one => calls.RunAsync(one, Token)).ToArray();
        _first.SetResult();
        await Assert.ThrowsAsync<FormatException>(() => answers[3]);
        foreach (var one in new[] { 0, 1, 2, 4 })
        {
            Assert.Equal(one, await answers[one]);
        }
    }

    [Fact]
    public async Task A_store_that_is_away_is_asked_once_for_all_of_them()
    {
        var calls = new Together<int, int>(
            asked => HoldFirstAsync(asked, () => throw new StoreUnavailableException(new LocalizedText("away", "away"))), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var answers = Enumerable.Range(0, 5).Select(one => calls.RunAsync(one, Token)).ToArray();
        _first.SetResult();
        foreach (var answer in answers)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => answer);
        }

        Assert.True(_asked.Count <= 2, "asked again one by one");
    }

    [Fact]
    public async Task Whoever_leaves_does_not_end_what_was_asked()
    {
        using var left = new CancellationTokenSource();
        var calls = new Together<int, int>(asked => HoldFirstAsync(asked, () => [.. asked]), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var gone = calls.RunAsync(1, left.Token);
        var stays = calls.RunAsync(2, Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        _first.SetResult();
        Assert.Equal(2, await stays);
        Assert.Equal([1, 2], _asked.SelectMany(one => one));
    }

    private async Task<IReadOnlyList<int>> HoldFirstAsync(IReadOnlyList<int> asked, Func<IReadOnlyList<int>> answer)
    {
        _asked.Add([.. asked]);
        await _first.Task;
        return answer();
    }
}
