using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Api;

namespace Monitor.Gateway.Metrics;

/// <summary><c>/metrics</c>: of the service, not one series a target.</summary>
internal sealed class MetricsApi(MetricRegistry registry, ProberCatalog catalog, SiloIdentity silo, GatewayOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        KnowLabels();
        routes.MapOperation(
            new ApiOperation("GET", "/metrics", "metrics", options.ProtectMetrics ? Role.Viewer : null, "The service's own measures in Prometheus' text format 0.0.4")
            {
                AnswerType = "text/plain",
                AnswerExample = "monitor_probes_total{outcome=\"ok\",type=\"http\"} 1",
            },
            _ => Task.FromResult<ApiAnswer>(new Text(PrometheusText.Of([.. registry.Collect(), .. ProcessMetrics.Read(silo.StartedAt)]))));
    }

    /// <summary>A rate over a series that appears with its first event misses that event: all are there from the start.</summary>
    private void KnowLabels()
    {
        foreach (var prober in catalog.All)
        {
            foreach (var outcome in EnumNames.All<ProbeOutcome>())
            {
                Know("monitor_probes_total", ("type", prober.Type), ("outcome", outcome));
            }

            Know("monitor_probe_duration_seconds", ("type", prober.Type));
            Know("monitor_probes_cut_off_total", ("type", prober.Type));
        }

        foreach (var severity in EnumNames.All<AlertSeverity>())
        {
            Know("monitor_transitions_total", ("kind", "fired"), ("severity", severity));
            Know("monitor_transitions_total", ("kind", "resolved"), ("severity", severity));
        }

        foreach (var status in EnumNames.All<DeliveryStatus>().Where(status => status is not ("pending" or "sending")))
        {
            Know("monitor_deliveries_total", ("status", status));
        }

        foreach (var outcome in (string[])["ok", "retry", "refused", "unknown"])
        {
            Know("monitor_posts_total", ("outcome", outcome));
        }

        foreach (var name in (string[])["monitor_schedule_lateness_seconds", "monitor_turns_missed_total", "monitor_deliveries_repeated_total", "monitor_store_commit_seconds", "monitor_results_dropped_total"])
        {
            Know(name);
        }
    }

    private void Know(string name, params (string Key, string Value)[] labels) =>
        registry.Find(name)?.Know([.. labels.Select(label => KeyValuePair.Create(label.Key, (object?)label.Value))]);

    private sealed class Text(string text) : ApiAnswer
    {
        public override Task WriteAsync(HttpContext context) =>
            JsonAnswer.SendAsync(context.Response, PrometheusText.ContentType, Encoding.UTF8.GetBytes(text), context.RequestAborted);
    }
}
