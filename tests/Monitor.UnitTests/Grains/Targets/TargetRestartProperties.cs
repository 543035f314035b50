using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Monitor.UnitTests.Grains.Targets;

public sealed class TargetRestartProperties
{
    private static readonly Gen<(string History, int Kill)> Cases =
        from length in Gen.Choose(1, 14)
        from history in Gen.Elements("SSFFFWWOsf".ToCharArray()).ArrayOf(length)
        from kill in Gen.Choose(0, length)
        select (new string(history), kill);

    [Fact]
    public void A_kill_between_any_two_results_changes_nothing_of_what_is_told() =>
        Prop.ForAll(Cases.ToArbitrary(), given => ToldAsync(given.History, null).GetAwaiter().GetResult()
            == ToldAsync(given.History, given.Kill).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(25));

    private static async Task<string> ToldAsync(string history, int? kill)
    {
        using var stage = await new GrainStage().StartAsync();
        await stage.PlayAsync(history[..(kill ?? 0)]);
        if (kill is not null)
        {
            await stage.RestartAsync();
        }

        await stage.PlayAsync(history[(kill ?? 0)..]);
        return stage.Store.Told;
    }
}
