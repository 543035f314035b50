using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.UnitTests.Grains.Probing;
using Xunit;

namespace Monitor.UnitTests.Grains.Targets;

/// <summary>Edits in the middle of things, as the owner takes them up, live and after a crash between the edit and its being taken up.</summary>
public sealed class TargetEditTests : IDisposable
{
    private static readonly Dictionary<string, Func<TargetSettings, TargetSettings>> Edits = new(StringComparer.Ordinal)
    {
        ["threshold 2"] = settings => settings with { FailureThreshold = 2 },
        ["threshold 9"] = settings => settings with { FailureThreshold = 9 },
        ["channel 8 too"] = settings => settings with { ChannelIds = [9, 8] },
        ["no channel"] = settings => settings with { ChannelIds = [] },
        ["disabled"] = settings => settings with { Enabled = false },
        ["other type"] = settings => settings with { Type = "tcp" },
        ["no warnings"] = settings => settings with { NotifyDegraded = false },
        ["other name"] = settings => settings with { Name = "payments" },
    };

    private readonly GrainStage _stage = new();

    [Theory]
    [InlineData("FF", "threshold 2", "", "F", "F1>9")]
    [InlineData("FFF", "threshold 9", "F1>9", "FS", "F1>9 R1>9")]
    [InlineData("FFF", "channel 8 too", "F1>9 F1>8", "S", "F1>9 F1>8 R1>9 R1>8")]
    [InlineData("FFF", "no channel", "F1>9", "S", "F1>9 R1>9")]
    [InlineData("FFF", "disabled", "F1>9 R1>9", "", "F1>9 R1>9")]
    [InlineData("FFF", "other type", "F1>9 R1>9", "", "F1>9 R1>9")]
    [InlineData("WWW", "no warnings", "W1>9 R1>9", "W", "W1>9 R1>9")]
    [InlineData("FFF", "other name", "F1>9", "S", "F1>9 R1>9")]
    public async Task An_edit_in_the_middle_is_told_as_it_should_be(string before, string edit, string told, string after, string inAll)
    {
        foreach (var crash in new[] { false, true })
        {
            using var stage = await new GrainStage().StartAsync();
            await stage.PlayAsync(before);
            if (crash)
            {
                stage.Edited(Edits[edit]);
                await stage.RestartAsync();
            }
            else
            {
                await stage.EditAsync(Edits[edit]);
            }

            Assert.Equal(told, stage.Store.Told);
            await stage.PlayAsync(after);
            Assert.Equal(inAll, stage.Store.Told);
        }
    }

    [Fact]
    public async Task What_an_edit_ends_says_why_and_about_what()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");

        await _stage.EditAsync(settings => settings with { Type = "tcp", Name = "other", Endpoint = "elsewhere" });

        var alert = _stage.Store.Alerts[(GrainStage.Id, 1)];
        Assert.Equal((ResolvedReason.Changed, "http", "orders", "place"), (alert.ResolvedReason, alert.TargetType, alert.TargetName, alert.Endpoint));
    }

    [Fact]
    public async Task A_probe_that_an_edit_overtook_counts_for_nothing_and_the_new_config_is_probed_at_once()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FF");
        var old = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _stage.Prober.Does = (_, _) => new ValueTask<ProbeResult>(old.Task);
        var called = _stage.Prober.NextCallAsync();
        Assert.True(_stage.Grain.TryBegin(1));
        _stage.Grain.Execute();
        await called;

        await _stage.EditAsync(settings => settings with { Config = "{\"url\":2}" });
        _stage.Prober.Answers(ScriptedProber.Good);
        old.SetResult(ScriptedProber.Bad());
        await _stage.Grain.WhenIdleAsync();

        Assert.Equal("", _stage.Store.Told);
        Assert.Equal("{\"url\":2}", _stage.Prober.Asked[^1]);
        Assert.Equal([ProbeOutcome.Failed, ProbeOutcome.Failed, ProbeOutcome.Ok], _stage.Store.Results.Select(result => result.Outcome));
    }

    [Fact]
    public async Task A_changed_config_forgets_what_the_prober_remembered_and_a_changed_name_does_not()
    {
        await _stage.StartAsync();
        var given = new List<int>();
        _stage.Prober.Does = (request, _) =>
        {
            given.Add(request.Memory.Length);
            return ValueTask.FromResult(ScriptedProber.Good with { Memory = new byte[] { 1, 2, 3 } });
        };
        await _stage.TurnAsync();
        await _stage.EditAsync(Edits["other name"]);
        await _stage.TurnAsync();
        await _stage.EditAsync(settings => settings with { Config = "{\"url\":2}" });
        await _stage.TurnAsync();

        Assert.Equal([0, 3, 0], given);
    }

    [Theory]
    [InlineData("{\"bad\":1}", "config.bad: is not known any more")]
    [InlineData("{\"broken\":1}", "InvalidOperationException")]
    [InlineData("not json", "cannot be read")]
    public async Task A_config_that_no_longer_reads_is_our_own_visible_trouble(string config, string says)
    {
        _stage.Edited(settings => settings with { Config = config });
        await _stage.StartAsync();

        await _stage.TurnAsync();

        var record = Assert.Single(_stage.Store.Results);
        Assert.Equal(ProbeOutcome.Skipped, record.Outcome);
        Assert.Contains(says, record.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", record.Message, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Unknown, _stage.Grain.State.Status);
        _stage.Inner.Advance(TimeSpan.FromMinutes(2));
        Assert.True(_stage.Grain.IsUnprobed);
    }

    [Fact]
    public async Task A_disabled_target_is_left_alone_until_it_is_enabled()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("S");
        await _stage.EditAsync(Edits["disabled"]);

        Assert.Null(await _stage.Grain.ProbeNowAsync());
        await _stage.TurnAsync();
        Assert.Single(_stage.Store.Results);
        Assert.Equal(HealthStatus.Disabled, _stage.Grain.State.Status);
        Assert.False(_stage.Grain.IsUnprobed);

        await _stage.EditAsync(settings => settings with { Enabled = true });
        await _stage.PlayAsync("S");
        Assert.Equal(HealthStatus.Healthy, _stage.Grain.State.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_target_resolves_what_was_open_and_is_gone(bool crash)
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");
        if (crash)
        {
            _stage.Store.Targets[GrainStage.Id] = _stage.Store.Targets[GrainStage.Id] with { Deleted = true };
            await _stage.RestartAsync();
        }
        else
        {
            await _stage.DeleteAsync();
        }

        Assert.Equal("F1>9 R1>9", _stage.Store.Told);
        Assert.Equal(ResolvedReason.Deleted, _stage.Store.Alerts[(GrainStage.Id, 1)].ResolvedReason);
        Assert.Null(_stage.Host.Find(GrainStage.Id));
        Assert.True(_stage.Store.Writes[^1].RemoveTarget);
        Assert.Empty(_stage.Store.Targets);
    }

    [Fact]
    public async Task A_run_under_way_when_its_target_is_deleted_counts_for_nothing()
    {
        await _stage.StartAsync();
        var old = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _stage.Prober.Does = (_, _) => new ValueTask<ProbeResult>(old.Task);
        var grain = _stage.Grain;
        var called = _stage.Prober.NextCallAsync();
        Assert.True(grain.TryBegin(1));
        grain.Execute();
        await called;

        await _stage.DeleteAsync();
        old.SetResult(ScriptedProber.Bad());
        await grain.WhenIdleAsync();

        Assert.Empty(_stage.Store.Results);
    }

    [Fact]
    public async Task An_edit_that_comes_while_the_store_is_away_is_taken_up_later()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");
        _stage.Edited(Edits["disabled"]);
        _stage.Store.Away = true;

        await _stage.Host.TargetChangedAsync(GrainStage.Id, TestContext.Current.CancellationToken);
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);
        Assert.Equal("F1>9", _stage.Store.Told);
        _stage.Store.Away = false;
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);

        Assert.Equal("F1>9 R1>9", _stage.Store.Told);
    }

    [Fact]
    public async Task What_follows_from_an_edit_is_tried_again_when_it_could_not_be_stored()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFF");
        _stage.Store.NextWrite(FakeStore.Fault.LostAndThrown);
        _stage.Store.NextWrite(FakeStore.Fault.LostAndThrown);
        _stage.Store.NextWrite(FakeStore.Fault.LostAndThrown);

        await _stage.EditAsync(Edits["channel 8 too"]);
        Assert.Equal("F1>9", _stage.Store.Told);
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);

        Assert.Equal("F1>9 F1>8", _stage.Store.Told);
    }

    public void Dispose() => _stage.Dispose();
}
