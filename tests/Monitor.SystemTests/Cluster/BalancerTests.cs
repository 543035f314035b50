using System.Net;
using System.Text.RegularExpressions;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The topology of <c>docker-compose.yml</c> as processes: three silos behind nginx with <c>deploy/nginx.conf</c>.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed partial class BalancerTests
{
    [Fact]
    public async Task Behind_the_balancer_calls_go_on_when_a_silo_is_killed()
    {
        Requires.Nginx();
        await using var scene = await ClusterScene.StartAsync(3, 6);
        using var folder = new TempDir();
        var port = FreePort.Next();
        await File.WriteAllTextAsync(folder.File("nginx.conf"), Configuration(scene, port, folder), Scene.Token);
        await using var nginx = await ChildProcess.StartAsync(
            NginxServer.Program!, ["-c", folder.File("nginx.conf"), "-p", folder.Folder, "-g", "daemon off;"], onOwnDeath: "TERM");
        using var api = new ApiClient($"http://127.0.0.1:{port}", SiloProcess.AdminToken);
        await Eventually.TrueAsync("the balancer answers", () => IsReadyAsync(api, nginx), Scene.Token);

        await scene[2].KillAsync();
        for (var call = 0; call < 60; call++)
        {
            var list = await api.SendAsync(HttpMethod.Get, "/api/v1/targets?limit=500", null, Scene.Token);
            Assert.True(list.Status == HttpStatusCode.OK, $"call {call}: {(int)list.Status} {list.Text}");
            Assert.Equal(6, list.Good().Number("total"));
        }

        // A silo whose port is closed cannot have taken a call: what changes something is sent on, too.
        for (var call = 0; call < 12; call++)
        {
            var id = await api.AddTargetAsync(scene.Watch(call % 6), Scene.Token);
            await api.DeleteAsync($"/api/v1/targets/{id}", Scene.Token);
        }

        await scene.BalancedAsync(2);
        await api.PostAsync($"/api/v1/targets/{scene.Target(0)}/probe", null, Scene.Token);
        await scene[2].StartAsync();
        await scene.BalancedAsync(3);
        Assert.Equal(3, (await api.GetAsync("/api/v1/cluster", Scene.Token))["silos"]!.AsArray().Count);
        await nginx.TerminateAsync(Scene.Token);
    }

    private static async Task<bool> IsReadyAsync(ApiClient api, ChildProcess nginx)
    {
        Assert.False(nginx.HasExited, nginx.Output);
        try
        {
            return (await api.SendAsync(HttpMethod.Get, "/readyz", null, Scene.Token)).Status == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Configuration(ClusterScene scene, int port, TempDir folder)
    {
        var names = new Queue<string>(scene.Silos.Select(silo => new Uri(silo.Address).Authority));
        var text = Upstream().Replace(File.ReadAllText(Repository.File("deploy/nginx.conf")), _ => names.Dequeue());
        Assert.Empty(names);
        return text.Replace("listen 8080", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("/tmp/", folder.Folder + "/", StringComparison.Ordinal)
            .Replace("worker_processes auto", Environment.IsPrivilegedProcess ? "user root; worker_processes 1" : "worker_processes 1", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"silo-\d:5080", RegexOptions.None, 1000)]
    private static partial Regex Upstream();
}
