using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>The READMEs' session, as a newcomer pastes it: it must stay true.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_session_of_the_readme_does_what_it_says()
    {
        Requires.Command("curl", "curl");
        Requires.Command("python3", "python3");
        await using var robot = await WeComStandIn.StartAsync(cancellationToken: Scene.Token);
        using var folder = new TempDir();
        await using var silo = await SiloProcess.StartAsync(new SiloSettings { Folder = folder.Folder, Arguments = [] }, Scene.Token);
        var session = Session("README.md")
            .Replace("8000", FreePort.Next().ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        session = Set(session, "MONITOR", silo.Settings.Address);
        session = Set(session, "TOKEN", SiloProcess.AdminToken);
        session = Set(session, "WEBHOOK", robot.Url("readme"));
        await File.WriteAllTextAsync(folder.File("session.sh"), session, Scene.Token);

        await using var shell = await ChildProcess.StartAsync("bash", ["-euo", "pipefail", folder.File("session.sh")], folder: folder.Sub("work"));
        Assert.True(await shell.WaitForExitAsync(Scene.Token) == 0, shell.Output);

        var answers = shell.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Equal(5, answers.Length);
        Assert.Equal("demo", Assert.Single(answers[2]["items"]!.AsArray())!.Word("name"));
        var firing = Assert.Single(answers[3]["items"]!.AsArray())!;
        var resolved = Assert.Single(answers[4]["items"]!.AsArray())!;
        Assert.Equal(firing.Number("id"), resolved.Number("id"));
        Assert.Equal([false, true], Notice.In(robot.Messages).Select(notice => notice.Resolved));
    }

    [Fact]
    public void Both_languages_have_the_same_session() => Assert.Equal(Commands("README.md"), Commands("README.zh.md"));

    /// <summary>Without what each language says for itself: comments and placeholders.</summary>
    private static string Commands(string file) =>
        Set(Regex.Replace(Session(file), "^#.*$", "#", RegexOptions.Multiline, TimeSpan.FromSeconds(1)), "TOKEN", "");

    private static string Session(string file)
    {
        var text = File.ReadAllText(Repository.File(file));
        const string Opening = "```bash\n";
        var from = text.IndexOf(Opening, StringComparison.Ordinal) + Opening.Length;
        return text[from..text.IndexOf("```", from, StringComparison.Ordinal)];
    }

    private static string Set(string session, string variable, string value)
    {
        var line = new Regex($"^{variable}=.*$", RegexOptions.Multiline, TimeSpan.FromSeconds(1));
        Assert.Matches(line, session);
        return line.Replace(session, _ => $"{variable}='{value}'");
    }
}
