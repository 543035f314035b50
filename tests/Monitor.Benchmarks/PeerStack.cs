using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>Debian's Prometheus scraping Debian's blackbox_exporter, with a configuration and a folder of its own.</summary>
internal sealed class PeerStack : IAsyncDisposable
{
    private readonly TempDir _folder = new();
    private readonly HttpClient _http = new();
    private readonly int _prometheusPort = FreePort.Next();
    private readonly int _blackboxPort = FreePort.Next();
    private ChildProcess? _prometheus;
    private ChildProcess? _blackbox;

    public static async Task<PeerStack> StartAsync(int targets, int interval, string type, NginxServer nginx, CancellationToken cancellationToken)
    {
        var stack = new PeerStack();
        await File.WriteAllTextAsync(stack._folder.File("blackbox.yml"), """
            modules:
              http:
                prober: http
                timeout: 5s
                http: { preferred_ip_protocol: ip4 }
              tcp:
                prober: tcp
                timeout: 5s
                tcp: { preferred_ip_protocol: ip4 }

            """, cancellationToken);
        await File.WriteAllTextAsync(stack._folder.File("prometheus.yml"), stack.Configuration(targets, interval, type, nginx), cancellationToken);
        stack._blackbox = await ChildProcess.StartAsync(
            "prometheus-blackbox-exporter",
            [$"--config.file={stack._folder.File("blackbox.yml")}", $"--web.listen-address=127.0.0.1:{stack._blackboxPort}", "--log.level=error"]);
        stack._prometheus = await ChildProcess.StartAsync(
            "prometheus",
            [
                $"--config.file={stack._folder.File("prometheus.yml")}",
                $"--storage.tsdb.path={stack._folder.Sub("tsdb")}",
                $"--web.listen-address=127.0.0.1:{stack._prometheusPort}",
                "--log.level=error",
            ]);
        await Eventually.TrueAsync("Prometheus answers", async () =>
        {
            try
            {
                return (await stack._http.GetAsync(stack.Address("/-/ready"), cancellationToken)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, cancellationToken);
        return stack;
    }

    public (double Prometheus, double Blackbox) CpuSeconds() => (ProcessFigures.CpuSeconds(_prometheus!.Id), ProcessFigures.CpuSeconds(_blackbox!.Id));

    /// <summary>Successful probes within the last <paramref name="window"/>, by what Prometheus has stored.</summary>
    public async Task<double> ProbesAsync(TimeSpan window, CancellationToken cancellationToken)
    {
        var query = Uri.EscapeDataString(string.Create(CultureInfo.InvariantCulture, $"sum(sum_over_time(probe_success[{window.TotalSeconds:0}s]))"));
        var answer = JsonNode.Parse(await _http.GetStringAsync(Address("/api/v1/query?query=" + query), cancellationToken))!;
        return double.Parse(answer["data"]!["result"]![0]!["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in (ChildProcess?[])[_prometheus, _blackbox])
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _http.Dispose();
        _folder.Dispose();
    }

    private Uri Address(string path) => new($"http://127.0.0.1:{_prometheusPort}{path}");

    /// <summary>One instance a target, also where all share one address: the number behind the semicolon keeps them apart.</summary>
    private string Configuration(int targets, int interval, string type, NginxServer nginx)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            global: {"{"} scrape_interval: {interval}s, scrape_timeout: {Math.Min(interval, 5)}s {"}"}
            scrape_configs:
              - job_name: probes
                metrics_path: /probe
                params: {"{"} module: [{type}] {"}"}
                relabel_configs:
                  - {"{"} source_labels: [__address__], target_label: instance {"}"}
                  - {"{"} source_labels: [__address__], regex: "(.*);.*", target_label: __param_target {"}"}
                  - {"{"} target_label: __address__, replacement: "127.0.0.1:{_blackboxPort}" {"}"}
                static_configs:
                  - targets:

            """);
        for (var number = 0; number < targets; number++)
        {
            var address = type == "http" ? $"{nginx.Url}t/{number}" : $"127.0.0.1:{nginx.Port}";
            text.Append(CultureInfo.InvariantCulture, $"          - '{address};{number}'\n");
        }

        return text.ToString();
    }
}
