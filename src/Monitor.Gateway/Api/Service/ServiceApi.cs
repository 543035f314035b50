using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Service;

/// <summary>What this service can probe, and the silos that make it up.</summary>
internal sealed class ServiceApi(ProberCatalog catalog, ClusterFigures figures)
{
    private static readonly ApiOperation Probers = new("GET", "/api/v1/probers", "listProbers", Role.Viewer, "What can be probed, with the JSON Schema of each config")
    {
        Answer = "Probers",
        AnswerExample = Examples.Probers,
    };

    private static readonly ApiOperation Cluster = new("GET", "/api/v1/cluster", "readCluster", Role.Viewer, "The living silos")
    {
        Answer = "Cluster",
        AnswerExample = Examples.Cluster,
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOperation(Probers, ProbersAsync);
        routes.MapOperation(Cluster, ClusterAsync);
    }

    private Task<ApiAnswer> ProbersAsync(ApiCall call)
    {
        var language = call.Language;
        return Task.FromResult<ApiAnswer>(new JsonAnswer(writer =>
        {
            writer.WriteStartArray();
            foreach (var prober in catalog.All.OrderBy(prober => prober.Type, StringComparer.Ordinal))
            {
                writer.WriteStartObject();
                writer.WriteString("type", prober.Type);
                writer.WriteString("name", prober.Name.In(language));
                writer.WritePropertyName("schema");
                prober.Schema.ToJsonSchema(language).WriteTo(writer, ConfigReader.Readable);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }));
    }

    private async Task<ApiAnswer> ClusterAsync(ApiCall call)
    {
        var cluster = await figures.ReadAsync(call.Aborted);
        return new JsonAnswer(writer => Write(writer, cluster));
    }

    private static void Write(Utf8JsonWriter writer, ClusterState cluster)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("silos");
        foreach (var silo in cluster.Silos)
        {
            writer.WriteStartObject();
            writer.WriteString("name", silo.Name);
            writer.WriteString("zone", silo.Zone);
            writer.WriteString("address", silo.Address);
            writer.WriteTime("started_at", silo.StartedAt);
            writer.WriteTime("heartbeat_at", silo.HeartbeatAt);
            writer.WriteNumber("shards", silo.Shards);
            writer.WriteNumber("targets", silo.Targets);
            writer.WriteNumber("probes_per_second", silo.ProbesPerSecond);
            writer.WriteNumber("schedule_lag_p99_ms", silo.ScheduleLag);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("shards", cluster.Shards);
        writer.WriteNumber("unowned", cluster.Unowned);
        writer.WriteEndObject();
    }
}
