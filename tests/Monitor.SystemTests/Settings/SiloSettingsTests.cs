using Microsoft.Extensions.Configuration;
using Monitor.Core.Text;
using Monitor.Silo.Settings;
using Xunit;

namespace Monitor.SystemTests.Settings;

public sealed class SiloSettingsTests
{
    [Fact]
    public void Without_settings_there_is_a_default_for_everything()
    {
        var settings = Read();

        Assert.Equal(Language.Chinese, settings.Language);
        Assert.Equal([SiloSettings.DefaultUrl], settings.Urls);
        Assert.Equal(TimeSpan.FromDays(7), settings.Retention.Results);
        Assert.False(settings.OpenAccess);
    }

    [Theory]
    [InlineData("--Storage:Provider=oracle", "Storage:Provider")]
    [InlineData("--Storage:Pth=x", "Storage:Pth is not a setting")]
    [InlineData("--Storge:Path=x", "Storge is not a setting")]
    [InlineData("--Messages:Language=fr", "Messages:Language")]
    [InlineData("--Messages:TimeZone=Mars/Olympus", "Messages:TimeZone")]
    [InlineData("--Retention:Results=0", "Retention:Results")]
    [InlineData("--Outbound:Deny=10.0.0.300/8", "Outbound:Deny")]
    [InlineData("--Web:PublicUrl=monitor.example", "Web:PublicUrl")]
    [InlineData("--Access:AdminToken=short", "Access:AdminToken")]
    [InlineData("--Secrets:MasterKey=abc", "Secrets:MasterKey")]
    [InlineData("--Access:ProtectMetrics=perhaps", "Access:ProtectMetrics")]
    public void A_setting_that_does_not_fit_is_named_in_one_line(string argument, string named)
    {
        var refusal = Assert.Throws<SettingsException>(() => Read(argument));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        var refusal = Assert.Throws<SettingsException>(() => Read("--Messages:Language=fr", "--Storage:Pth=x"));

        Assert.Contains("Messages:Language", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Storage:Pth", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:6001", true)]
    [InlineData("http://[::1]:6001", true)]
    [InlineData("http://localhost:6001", true)]
    [InlineData("http://0.0.0.0:6001", false)]
    [InlineData("http://*:6001", false)]
    [InlineData("http://127.0.0.1:6001;http://10.0.0.1:80", false)]
    public void Open_access_is_refused_on_any_address_but_loopback(string urls, bool accepted)
    {
        var refusal = Record.Exception(() => Read("--Access:Mode=open", $"--urls={urls}"));

        Assert.Equal(accepted, refusal is null);
    }

    [Fact]
    public void Networks_are_lists_or_separated_by_commas()
    {
        var settings = Read("--Outbound:Allow=10.0.0.0/8,192.168.1.7", "--Outbound:Deny:0=10.1.0.0/16");

        Assert.Null(settings.Outbound.Refusal(System.Net.IPAddress.Parse("10.2.0.1")));
        Assert.NotNull(settings.Outbound.Refusal(System.Net.IPAddress.Parse("10.1.0.1")));
        Assert.NotNull(settings.Outbound.Refusal(System.Net.IPAddress.Parse("8.8.8.8")));
    }

    private static SiloSettings Read(params string[] arguments) =>
        SiloSettings.Read(new ConfigurationBuilder().AddCommandLine(arguments).Build());
}
