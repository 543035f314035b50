using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;
using SiloSettings = Monitor.Silo.Settings.SiloSettings;

namespace Monitor.SystemTests.Settings;

/// <summary>No container engine is needed to see whether the files that deploy silos name what exists and fit each other.</summary>
public sealed partial class DeployTests
{
    private const string Compose = "docker-compose.yml";
    private const string Port = "5080";

    private static readonly JsonNode Composition = DeployFiles.Yaml(Compose)[0];
    private static readonly IReadOnlyList<JsonNode> Manifests = DeployFiles.Yaml("deploy/kubernetes/monitor.yaml");
    private static readonly JsonNode SecretManifest = DeployFiles.Yaml("deploy/kubernetes/secret.example.yaml")[0];

    private static JsonNode StatefulSet => Manifest("StatefulSet", "monitor");

    private static JsonNode Container => StatefulSet["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Single()!;

    [Fact]
    public void Every_silo_of_the_composition_takes_its_settings_and_differs_in_its_name_and_address()
    {
        var silos = Silos();
        var all = silos.ToDictionary(silo => silo.Key, silo => DeployFiles.Read(DeployFiles.ImageEnvironment(), DeployFiles.Map(silo.Value["environment"])));

        Assert.Equal(3, all.Count);
        foreach (var (service, settings) in all)
        {
            Assert.Equal(service, settings.SiloName);
            Assert.Equal($"http://{service}:{Port}", settings.AdvertisedAddress);
            Assert.Equal([$"http://0.0.0.0:{Port}"], settings.Urls);
            Assert.Contains("Host=postgres;", settings.Postgres!.ConnectionString, StringComparison.Ordinal);
            Assert.Contains($"{service}:{settings.StoragePath}", silos[service]["volumes"]!.AsArray().Select(volume => volume!.GetValue<string>()));
            Assert.Contains(service, DeployFiles.Yaml(Compose)[0]["volumes"]!.AsObject().Select(volume => volume.Key));
        }
    }

    [Fact]
    public void The_composition_takes_every_secret_from_outside_and_all_silos_share_them()
    {
        foreach (var (service, node) in Composition["services"]!.AsObject())
        {
            foreach (var (name, value) in DeployFiles.Map(node!["environment"]).Where(pair => DeployFiles.IsSecret(pair.Key)))
            {
                Assert.True(DeployFiles.Variables(value).Count == 1, $"{service}: {name} has a value in the file");
            }
        }

        foreach (var name in new[] { "Secrets__MasterKey", "Access__AdminToken", "Storage__ConnectionString" })
        {
            Assert.Single(Silos().Select(silo => DeployFiles.Map(silo.Value["environment"])[name]).Distinct(StringComparer.Ordinal));
        }

        var told = DeployFiles.Lines(Compose).Where(line => line.StartsWith('#')).ToArray();
        Assert.All(DeployFiles.Variables(DeployFiles.Text(Compose)), name => Assert.Contains(told, line => line.Contains(name, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_composition_starts_silos_behind_a_healthy_store_and_the_balancer_in_front_of_all_of_them()
    {
        var services = Composition["services"]!.AsObject();
        var balancer = services["balancer"]!;
        var nginx = DeployFiles.Text("deploy/nginx.conf");
        var listen = ListenLine().Match(nginx).Groups["port"].Value;

        Assert.Equal(Silos().Keys.Select(service => $"{service}:{Port}"), ServerLine().Matches(nginx).Select(match => match.Groups["at"].Value));
        Assert.Equal(Silos().Keys, balancer["depends_on"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal([$"{Port}:{listen}"], balancer["ports"]!.AsArray().Select(port => port!.GetValue<string>()));
        Assert.Contains($"http://127.0.0.1:{listen}/healthz", balancer["healthcheck"]!["test"]![1]!.GetValue<string>(), StringComparison.Ordinal);
        var mounted = balancer["volumes"]![0]!.GetValue<string>().Split(':');
        Assert.True(File.Exists(Repository.File(mounted[0])), mounted[0]);
        foreach (var (service, silo) in Silos())
        {
            Assert.Equal("service_healthy", silo["depends_on"]!["postgres"]!["condition"]!.GetValue<string>());
            Assert.True(File.Exists(Repository.File(silo["build"]!["dockerfile"]!.GetValue<string>())), service);
            Assert.Equal("unless-stopped", silo["restart"]!.GetValue<string>());
            Assert.Equal("monitor-silo", silo["image"]!.GetValue<string>());
        }

        Assert.NotNull(services["postgres"]!["healthcheck"]);
        Assert.Contains("postgres", Composition["volumes"]!.AsObject().Select(volume => volume.Key));
    }

    [Fact]
    public void The_image_is_made_of_what_is_there_and_asks_for_its_own_health()
    {
        var lines = DeployFiles.Text("silo/Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n');
        var copied = lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]).ToArray();
        foreach (var source in copied)
        {
            var folder = Repository.File(Path.GetDirectoryName(source) ?? "");
            Assert.True(Directory.EnumerateFileSystemEntries(folder, Path.GetFileName(source)).Any(), $"COPY {source}: there is no such file");
        }

        var projects = Directory.EnumerateDirectories(Repository.File("src")).Select(folder => $"src/{Path.GetFileName(folder)}/*.csproj");
        Assert.All(projects.Append("silo/*.csproj"), project => Assert.Contains(project, copied));
        Assert.Contains(lines, line => line == $"EXPOSE {Port}");
        Assert.Contains(lines, line => line.StartsWith("HEALTHCHECK", StringComparison.Ordinal) && line.Contains($"/{Port} ", StringComparison.Ordinal) && line.Contains("GET /healthz ", StringComparison.Ordinal));
        Assert.Equal("USER $APP_UID", lines.Last(line => line.StartsWith("USER", StringComparison.Ordinal)));
        Assert.DoesNotContain(DeployFiles.ImageEnvironment().Keys, DeployFiles.IsSecret);
        Assert.Contains(lines, line => line == "VOLUME " + DeployFiles.ImageEnvironment()["Storage__Path"]);
        Assert.StartsWith("FROM mcr.microsoft.com/dotnet/sdk:", lines.First(line => line.StartsWith("FROM", StringComparison.Ordinal)), StringComparison.Ordinal);
        var sdk = JsonNode.Parse(DeployFiles.Text("global.json"))!["sdk"]!["version"]!.GetValue<string>();
        Assert.Contains(lines, line => line.StartsWith("ARG DOTNET=", StringComparison.Ordinal) && sdk.StartsWith(line["ARG DOTNET=".Length..] + ".", StringComparison.Ordinal));
    }

    [Fact]
    public void The_pods_take_their_settings_and_call_each_other_by_names_that_exist()
    {
        var settings = PodSettings("monitor-1");

        Assert.Equal("monitor-1", settings.SiloName);
        Assert.Equal($"http://monitor-1.{StatefulSet["spec"]!["serviceName"]}:{Port}", settings.AdvertisedAddress);
        Assert.NotNull(settings.Postgres);
        Assert.True(settings.JsonLogs);
        var headless = Manifest("Service", StatefulSet["spec"]!["serviceName"]!.GetValue<string>());
        Assert.Equal("None", headless["spec"]!["clusterIP"]!.GetValue<string>());
        Assert.Equal("true", headless["spec"]!["publishNotReadyAddresses"]!.GetValue<string>());
        Assert.Equal("3", StatefulSet["spec"]!["replicas"]!.GetValue<string>());
        var labels = DeployFiles.Map(StatefulSet["spec"]!["template"]!["metadata"]!["labels"]);
        Assert.Equal(labels, DeployFiles.Map(StatefulSet["spec"]!["selector"]!["matchLabels"]));
        Assert.Equal(labels, DeployFiles.Map(Manifest("PodDisruptionBudget", "monitor")["spec"]!["selector"]!["matchLabels"]));
        foreach (var service in Manifests.Where(manifest => manifest.Word("kind") == "Service"))
        {
            Assert.Equal(labels, DeployFiles.Map(service["spec"]!["selector"]));
            var port = service["spec"]!["ports"]![0]!;
            Assert.Contains(port.Word("targetPort") ?? port.Word("port")!, (string[])["http", Port]);
        }
    }

    [Fact]
    public void The_pods_are_watched_and_may_write_only_what_is_mounted()
    {
        Assert.Equal(["/healthz", "/healthz", "/readyz"], new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(probe => Container[probe]!["httpGet"]!.Word("path")!));
        var port = Container["ports"]!.AsArray().Single()!;
        Assert.Equal(("http", Port), (port.Word("name")!, port.Word("containerPort")!));
        Assert.Equal(Composition["services"]!["silo-1"]!.Word("image"), Container.Word("image"));
        Assert.Equal("true", Container["securityContext"]!.Word("readOnlyRootFilesystem"));
        var mounts = Container["volumeMounts"]!.AsArray().ToDictionary(mount => mount!.Word("mountPath")!, mount => mount!.Word("name")!, StringComparer.Ordinal);
        Assert.Equal([PodSettings("monitor-0").StoragePath, "/tmp"], mounts.Keys);
        var volumes = StatefulSet["spec"]!["template"]!["spec"]!["volumes"]!.AsArray().Select(volume => volume!.Word("name")!)
            .Concat(StatefulSet["spec"]!["volumeClaimTemplates"]!.AsArray().Select(claim => claim!["metadata"]!.Word("name")!));
        Assert.Equal(mounts.Values.Order(StringComparer.Ordinal), volumes.Order(StringComparer.Ordinal));
        Assert.NotNull(StatefulSet["spec"]!["template"]!["spec"]!["affinity"]!["podAntiAffinity"]);
        var grace = int.Parse(StatefulSet["spec"]!["template"]!["spec"]!.Word("terminationGracePeriodSeconds")!, CultureInfo.InvariantCulture);
        Assert.True(grace > 10, "a silo may take 10 s to hand its work over");
    }

    [Fact]
    public void The_secrets_of_the_pods_are_named_and_not_told()
    {
        foreach (var (name, value) in DeployFiles.Map(SecretManifest["stringData"]))
        {
            Assert.True(DeployFiles.IsSecret(name), name);
            Assert.Contains("CHANGE", value, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(DeployFiles.Map(Manifest("ConfigMap", "monitor")["data"]).Keys, DeployFiles.IsSecret);
        Assert.DoesNotContain(Container["env"]!.AsArray(), variable => DeployFiles.IsSecret(variable!.Word("name")!));
    }

    [Fact]
    public void The_unit_names_settings_that_exist_and_ends_a_silo_with_patience()
    {
        var lines = DeployFiles.Lines("deploy/systemd/monitor.service");
        var environment = lines.Where(line => line.StartsWith("Environment=", StringComparison.Ordinal)).Select(line => line.Split('=', 3))
            .ToDictionary(parts => parts[1], parts => parts[2], StringComparer.Ordinal);
        var head = string.Join(' ', lines.TakeWhile(line => line.StartsWith('#')));
        var secrets = SettingName().Matches(head).Select(match => match.Value).Distinct(StringComparer.Ordinal).ToArray();
        var sample = secrets.ToDictionary(name => name, Sample, StringComparer.Ordinal);

        Assert.All(secrets, name => Assert.True(DeployFiles.IsSecret(name), name));
        Assert.DoesNotContain(environment.Keys, DeployFiles.IsSecret);
        var settings = DeployFiles.Read(environment, sample);
        Assert.Equal([$"http://127.0.0.1:{Port}"], settings.Urls);
        Assert.Equal(Value("WorkingDirectory"), settings.StoragePath);
        Assert.Equal("/var/lib/" + Value("StateDirectory"), settings.StoragePath);
        Assert.True(int.Parse(Value("TimeoutStopSec"), CultureInfo.InvariantCulture) > 10);
        Assert.EndsWith("silo.dll", Value("ExecStart"), StringComparison.Ordinal);

        string Value(string name) => lines.Single(line => line.StartsWith(name + "=", StringComparison.Ordinal)).Split('=', 2)[1];
    }

    [Fact]
    public async Task Systemd_accepts_the_unit()
    {
        Requires.Command("systemd-analyze", "systemd");
        using var folder = new TempDir();
        var unit = folder.File("monitor.service");
        await File.WriteAllTextAsync(unit, DeployFiles.Text("deploy/systemd/monitor.service").Replace("/usr/bin/dotnet", "/usr/bin/env", StringComparison.Ordinal), Scene.Token);
        await using var verify = await ChildProcess.StartAsync("systemd-analyze", ["verify", "--man=no", unit]);
        var code = await verify.WaitForExitAsync(Scene.Token);

        Assert.True(code == 0 && !verify.Output.Contains("monitor.service:", StringComparison.Ordinal), verify.Output);
    }

    [Fact]
    public async Task Nginx_accepts_the_balancers_configuration()
    {
        Requires.Nginx();
        using var folder = new TempDir();
        var file = folder.File("nginx.conf");
        await File.WriteAllTextAsync(file, ServerLine().Replace(DeployFiles.Text("deploy/nginx.conf"), "server 127.0.0.1:5080"), Scene.Token);
        await using var verify = await ChildProcess.StartAsync(NginxServer.Program!, ["-t", "-c", file, "-p", folder.Folder]);

        Assert.True(await verify.WaitForExitAsync(Scene.Token) == 0, verify.Output);
        Assert.DoesNotContain("[warn]", verify.Output, StringComparison.Ordinal);
    }

    private static SiloSettings PodSettings(string pod)
    {
        var environment = new Dictionary<string, string>(DeployFiles.Map(Manifest("ConfigMap", "monitor")["data"]), StringComparer.Ordinal);
        foreach (var (name, value) in DeployFiles.Map(SecretManifest["stringData"]))
        {
            environment[name] = value == "CHANGE" ? Sample(name) : value.Replace("CHANGE", "a-password", StringComparison.Ordinal);
        }

        var own = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in Container["env"]!.AsArray())
        {
            // A variable that refers to a later one is not replaced.
            own[variable!.Word("name")!] = variable!.Word("value") is { } value
                ? PodVariable().Replace(value, match => own.GetValueOrDefault(match.Groups["name"].Value, match.Value))
                : variable!["valueFrom"]!["fieldRef"]!.Word("fieldPath") == "metadata.name" ? pod : throw new InvalidDataException(variable.ToJsonString());
        }

        Assert.Equal(
            ["configMapRef monitor", "secretRef monitor"],
            Container["envFrom"]!.AsArray().SelectMany(from => from!.AsObject()).Select(from => $"{from.Key} {from.Value!.Word("name")}"));
        Assert.Equal("monitor", SecretManifest["metadata"]!.Word("name"));
        return DeployFiles.Read(DeployFiles.ImageEnvironment(), environment.Concat(own).ToDictionary(StringComparer.Ordinal));
    }

    private static string Sample(string name) => name switch
    {
        "Secrets__MasterKey" => Convert.ToBase64String(new byte[32]),
        "Access__AdminToken" => "0123456789abcdef0123456789abcdef",
        "Storage__ConnectionString" => "Host=postgres;Database=monitor;Username=monitor;Password=a-password",
        _ => throw new InvalidDataException($"nobody knows a value of {name}"),
    };

    private static JsonNode Manifest(string kind, string name) =>
        Manifests.Single(manifest => manifest.Word("kind") == kind && manifest["metadata"]!.Word("name") == name);

    private static SortedDictionary<string, JsonNode> Silos() => new(
        Composition["services"]!.AsObject().Where(service => service.Value!["build"] is not null).ToDictionary(service => service.Key, service => service.Value!, StringComparer.Ordinal),
        StringComparer.Ordinal);

    [GeneratedRegex(@"listen\s+(?<port>\d+);", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ListenLine();

    [GeneratedRegex(@"\bserver (?<at>[a-z0-9-]+:\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ServerLine();

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+__[A-Za-z]+", RegexOptions.None, 1000)]
    private static partial Regex SettingName();

    [GeneratedRegex(@"\$\((?<name>\w+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PodVariable();
}
