using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Memory;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_target_comes_back_as_it_was_saved()
    {
        var channels = new[] { await ChannelAsync(), await ChannelAsync("second") };
        var settings = Target() with
        {
            Config = """{"url":"http://127.0.0.1/","password":"s3cret"}""",
            MaskedConfig = """{"url":"http://127.0.0.1/","password":"******"}""",
            RetryIntervalSeconds = 5,
            NotifyDegraded = false,
            Group = "核心库",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "orders" },
            ChannelIds = [channels[1], channels[0]],
            ExternalId = "ext-1",
        };
        var created = (await Store.Targets.CreateTargetAsync(settings, By("editor"), Token)).Value!;
        var found = (await Store.Targets.FindTargetAsync(created.Id, Token))!.Target;
        foreach (var target in new[] { created, found, (await Store.Grains.LoadTargetAsync(created.Id, Token))!.Target })
        {
            Assert.Equivalent(settings, target.Settings, strict: true);
            Assert.Equal(settings.ChannelIds, target.Settings.ChannelIds);
            Assert.Equal((1L, "editor", Start), (target.Revision, target.CreatedBy, target.CreatedAt));
        }
    }

    [Fact]
    public async Task An_edit_needs_the_revision_that_it_has_seen()
    {
        var id = await TargetAsync();
        var changed = await Store.Targets.UpdateTargetAsync(id, 1, Target("renamed"), By("bob"), Token);
        Assert.Equal((2L, "renamed", "bob", "admin"), (changed.Value!.Revision, changed.Value.Settings.Name, changed.Value.UpdatedBy, changed.Value.CreatedBy));
        Assert.Equal(EditProblem.RevisionLost, (await Store.Targets.UpdateTargetAsync(id, 1, Target("lost"), By(), Token)).Problem);
        Assert.Equal(EditProblem.RevisionLost, (await Store.Targets.DeleteTargetAsync(id, 1, By(), Token)).Problem);
        Assert.Equal(EditProblem.NotFound, (await Store.Targets.UpdateTargetAsync(id + 1, 1, Target(), By(), Token)).Problem);
        Assert.Equal("renamed", (await Store.Targets.FindTargetAsync(id, Token))!.Target.Settings.Name);
    }

    [Fact]
    public async Task An_external_id_is_unique_and_free_again_after_a_deletion()
    {
        var settings = Target() with { ExternalId = "x" };
        var first = (await Store.Targets.CreateTargetAsync(settings, By(), Token)).Value!;
        Assert.Equal(EditProblem.ExternalIdTaken, (await Store.Targets.CreateTargetAsync(settings, By(), Token)).Problem);
        Assert.Equal(EditProblem.None, (await Store.Targets.UpdateTargetAsync(first.Id, 1, settings, By(), Token)).Problem);
        await Store.Targets.DeleteTargetAsync(first.Id, null, By(), Token);
        Assert.Equal(EditProblem.None, (await Store.Targets.CreateTargetAsync(settings, By(), Token)).Problem);
    }

    [Fact]
    public async Task Channels_that_do_not_exist_are_named_and_one_in_use_is_not_deleted()
    {
        var channel = await ChannelAsync();
        var refused = await Store.Targets.CreateTargetAsync(Target() with { ChannelIds = [channel, 77, 78] }, By(), Token);
        Assert.Equal(EditProblem.UnknownChannel, refused.Problem);
        Assert.Equal([77, 78], refused.Ids);

        var target = (await Store.Targets.CreateTargetAsync(Target() with { ChannelIds = [channel] }, By(), Token)).Value!;
        var inUse = await Store.Targets.DeleteChannelAsync(channel, null, By(), Token);
        Assert.Equal(EditProblem.InUse, inUse.Problem);
        Assert.Equal([target.Id], inUse.Ids);
        await Store.Targets.DeleteTargetAsync(target.Id, null, By(), Token);
        Assert.Equal(EditProblem.None, (await Store.Targets.DeleteChannelAsync(channel, 1, By(), Token)).Problem);
        Assert.Null(await Store.Targets.FindChannelAsync(channel, Token));
    }

    [Fact]
    public async Task A_channel_comes_back_as_it_was_saved()
    {
        var settings = Channel() with
        {
            IsDefault = true,
            MentionAll = true,
            MentionedMobiles = ["13800000000"],
            TemplateFiring = "{{name}}",
            TemplateResolved = "ok",
            Language = Language.English,
        };
        var created = (await Store.Targets.CreateChannelAsync(settings, By(), Token)).Value!;
        Assert.Equivalent(settings, created.Settings, strict: true);
        Assert.Equal([created.Id], await Store.Targets.DefaultChannelIdsAsync(Token));
        var updated = (await Store.Targets.UpdateChannelAsync(created.Id, 1, settings with { IsDefault = false, Enabled = false }, By("bob"), Token)).Value!;
        Assert.Equal((2L, "bob", false), (updated.Revision, updated.UpdatedBy, updated.Settings.Enabled));
        Assert.Empty(await Store.Targets.DefaultChannelIdsAsync(Token));
        Assert.Equal(settings.WebhookUrl, Assert.Single(await Store.Grains.LoadChannelsAsync(Token)).Settings.WebhookUrl);
    }

    [Fact]
    public async Task A_target_that_names_no_channels_is_made_with_those_that_are_default_at_that_moment()
    {
        Assert.Empty((await Store.Targets.CreateWithDefaultsAsync(Target(), By(), Token)).Value!.Settings.ChannelIds);
        long[] defaults =
        [
            (await Store.Targets.CreateChannelAsync(Channel() with { IsDefault = true }, By(), Token)).Value!.Id,
            (await Store.Targets.CreateChannelAsync(Channel() with { IsDefault = true }, By(), Token)).Value!.Id,
        ];
        var other = (await Store.Targets.CreateChannelAsync(Channel() with { IsDefault = false }, By(), Token)).Value!.Id;
        var made = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => number % 2 == 0
            ? Store.Targets.CreateWithDefaultsAsync(Target($"d{number}"), By(), Token)
            : Store.Targets.CreateTargetAsync(Target($"d{number}") with { ChannelIds = [other] }, By(), Token)));
        for (var number = 0; number < made.Length; number++)
        {
            var target = made[number].Value!;
            Assert.Equal(number % 2 == 0 ? defaults : [other], target.Settings.ChannelIds);
            Assert.Equal(target.Settings.ChannelIds, (await Store.Targets.FindTargetAsync(target.Id, Token))!.Target.Settings.ChannelIds);
        }
    }

    [Fact]
    public async Task An_idempotency_key_makes_one_thing_once()
    {
        var edit = By(claim: new IdempotencyClaim("1", "key", "hash"));
        var made = (await Store.Targets.CreateTargetAsync(Target(), edit, Token)).Value!;
        var again = await Store.Targets.CreateTargetAsync(Target(), edit, Token);
        Assert.Equal((EditProblem.Replayed, made.Id), (again.Problem, again.Value!.Id));
        Assert.Equal(1, (await Store.Targets.ListTargetsAsync(new TargetQuery(), Token)).Total);

        var other = edit with { Idempotency = new IdempotencyClaim("1", "key", "another") };
        Assert.Equal(EditProblem.IdempotencyMismatch, (await Store.Targets.CreateTargetAsync(Target(), other, Token)).Problem);
        var stranger = edit with { Idempotency = new IdempotencyClaim("2", "key", "hash") };
        Assert.Equal(EditProblem.None, (await Store.Targets.CreateTargetAsync(Target(), stranger, Token)).Problem);
        var nextDay = edit with { At = edit.At.AddHours(25) };
        Assert.Equal(EditProblem.None, (await Store.Targets.CreateTargetAsync(Target(), nextDay, Token)).Problem);
        await Store.Targets.DeleteTargetAsync(made.Id, null, By(), Token);
        Assert.Null((await Store.Targets.CreateTargetAsync(Target(), stranger with { Idempotency = null }, Token)).Value!.Settings.Group);
    }

    [Fact]
    public async Task The_list_filters_sorts_and_pages_without_gaps_or_doubles()
    {
        foreach (var name in new[] { "beta", "Alpha", "Äpfel", "gamma", "ÄPFEL 2", "订单库" })
        {
            await Store.Targets.CreateTargetAsync(
                Target(name) with { Group = name.Length > 5 ? "long" : "short", Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["n"] = name } }, By(), Token);
        }

        Assert.Equal(["Äpfel", "ÄPFEL 2"], await NamesAsync(new TargetQuery { NameContains = "äPf" }));
        Assert.Equal(["订单库"], await NamesAsync(new TargetQuery { NameContains = "单" }));
        Assert.Equal(["gamma"], await NamesAsync(new TargetQuery { Labels = [new("n", "gamma")] }));
        Assert.Empty(await NamesAsync(new TargetQuery { Labels = [new("n", "gamma"), new("x", "gamma")] }));
        Assert.Equal(["ÄPFEL 2"], await NamesAsync(new TargetQuery { Group = "long" }));
        Assert.Empty(await NamesAsync(new TargetQuery { Type = "tcp" }));
        Assert.Equal(["Alpha", "beta", "gamma", "Äpfel", "ÄPFEL 2", "订单库"], await NamesAsync(new TargetQuery { Sort = TargetSort.Name, Limit = 2 }));
        Assert.Equal(
            ["订单库", "ÄPFEL 2", "Äpfel", "gamma", "beta", "Alpha"], await NamesAsync(new TargetQuery { Sort = TargetSort.Name, Descending = true, Limit = 4 }));
        Assert.Equal(6, (await NamesAsync(new TargetQuery { Sort = TargetSort.StatusSince, Descending = true, Limit = 1 })).Count);
        var page = await Store.Targets.ListTargetsAsync(new TargetQuery { Limit = 4, NameContains = "a" }, Token);
        Assert.Equal((3, 3L, null), (page.Items.Count, page.Total!.Value, page.Next));
    }

    [Fact]
    public async Task The_status_filter_reads_disabled_from_the_settings_and_the_rest_from_the_state()
    {
        var healthy = await TargetAsync("healthy");
        await WriteAsync(Write(FenceOf(healthy), healthy, 0, Healthy(Start)));
        var fresh = await TargetAsync("fresh");
        var off = (await Store.Targets.CreateTargetAsync(Target("off") with { Enabled = false }, By(), Token)).Value!.Id;
        await WriteAsync(Write(FenceOf(off), off, 0, Healthy(Start)));
        Assert.Equal(["healthy"], await NamesAsync(new TargetQuery { Statuses = [HealthStatus.Healthy] }));
        Assert.Equal(["fresh"], await NamesAsync(new TargetQuery { Statuses = [HealthStatus.Unknown] }));
        Assert.Equal(["healthy", "off"], await NamesAsync(new TargetQuery { Statuses = [HealthStatus.Disabled, HealthStatus.Healthy] }));
        Assert.Equal(["off"], await NamesAsync(new TargetQuery { Enabled = false }));
        Assert.Equal(fresh, (await Store.Targets.FindTargetAsync(fresh, Token))!.Target.Id);
    }

    [Fact]
    public async Task Tokens_are_kept_by_their_hash_and_revoked_at_once()
    {
        var created = (await Store.Tokens.CreateTokenAsync("ci", Role.Editor, "ab12", Start.AddDays(1), By(), Token)).Value!;
        Assert.Equal(created, await Store.Tokens.FindTokenAsync(created.Id, Token));
        await Store.Tokens.TouchTokensAsync(new Dictionary<long, DateTimeOffset> { [created.Id] = Start.AddMinutes(2), [99] = Start }, Token);
        await Store.Tokens.TouchTokensAsync(new Dictionary<long, DateTimeOffset> { [created.Id] = Start.AddMinutes(1) }, Token);
        Assert.Equal(Start.AddMinutes(2), Assert.Single(await Store.Tokens.LoadTokensAsync(Token)).LastUsedAt);
        var page = await Store.Tokens.ListTokensAsync(1, null, Token);
        Assert.Equal((1, 1L, null), (page.Items.Count, page.Total!.Value, page.Next));
        Assert.True(await Store.Tokens.DeleteTokenAsync(created.Id, Token));
        Assert.False(await Store.Tokens.DeleteTokenAsync(created.Id, Token));
        Assert.Empty(await Store.Tokens.LoadTokensAsync(Token));
    }

    private async Task<List<string>> NamesAsync(TargetQuery query)
    {
        // Out of memory the list is the same, page by page: a cursor of one goes on in the other.
        var all = (await Store.Targets.ListTargetsAsync(new TargetQuery { Limit = 500 }, Token)).Items;
        var names = new List<string>();
        for (var page = query; ;)
        {
            var answer = await Store.Targets.ListTargetsAsync(page, Token);
            var remembered = TargetSearch.List(all.Reverse(), page);
            Assert.Equal(answer.Items.Select(row => row.Target.Id), remembered.Items.Select(row => row.Target.Id));
            Assert.Equal((answer.Total, answer.Next), (remembered.Total, remembered.Next));
            names.AddRange(answer.Items.Select(row => row.Target.Settings.Name));
            if (answer.Next is null)
            {
                Assert.Equal(names.Count, answer.Total);
                return names;
            }

            page = page with { After = answer.Next };
        }
    }
}
