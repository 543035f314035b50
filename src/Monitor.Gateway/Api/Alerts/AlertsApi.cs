using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Alerts;

/// <summary>What fired, and who was told.</summary>
internal sealed class AlertsApi(IHistoryStore history)
{
    private const string Root = "/api/v1/alerts";
    private const string Tag = "alerts";
    private const string AlertList = "alerts:fired_at";

    private static readonly string[] Statuses = ["firing", "resolved"];

    private static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such alert", "告警不存在"));

    private static readonly ApiOperation List = new("GET", Root, "listAlerts", Role.Viewer, "Alerts with their deliveries, newest first")
    {
        Tag = Tag,
        Answer = "AlertPage",
        AnswerExample = Examples.Page(Examples.Alert),
        Query =
        [
            QueryField.Limit,
            QueryField.Cursor,
            new("status", "Only open ones, or only those that are over.", new TextRule { OneOf = Statuses }.ToJsonSchema(Language.English)),
            new("severity", "Only this severity.", new TextRule { OneOf = [.. EnumNames.All<AlertSeverity>()] }.ToJsonSchema(Language.English)),
            new("target_id", "Only of this target.", new IntegerRule(1, TargetFields.MaxId).ToJsonSchema(Language.English)),
            QueryField.From,
            QueryField.To,
        ],
    };

    private static readonly ApiOperation Read = new("GET", Root + "/{id}", "readAlert", Role.Viewer, "One alert with its deliveries")
    {
        Tag = Tag,
        Answer = "Alert",
        AnswerExample = Examples.Alert,
        Problems = [404],
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOperation(List, ListAsync);
        routes.MapOperation(Read, ReadAsync);
    }

    private async Task<ApiAnswer> ListAsync(ApiCall call)
    {
        var given = call.Query;
        bool? firing = given.Text("status") is null ? null : given.Choice("status", "", Statuses) == "firing";
        var query = new AlertQuery(
            firing,
            given.Name<AlertSeverity>("severity"),
            given.Number("target_id", 1, TargetFields.MaxId),
            given.Time("from"),
            given.Time("to"),
            given.Limit(),
            given.Cursor(AlertList));
        if (given.Refused(out var refusal))
        {
            return refusal;
        }

        var read = await Pages.ReadAsync(query.After, () => history.ListAlertsAsync(query, call.Aborted));
        return read.Refused(out refusal!, out var page) ? refusal : Pages.Answer(AlertList, page, Write);
    }

    private async Task<ApiAnswer> ReadAsync(ApiCall call) =>
        await history.FindAlertAsync(call.Id, call.Aborted) is { } row ? new JsonAnswer(writer => Write(writer, row)) : Missing;

    private static void Write(Utf8JsonWriter writer, AlertRow row)
    {
        var alert = row.Alert;
        writer.WriteStartObject();
        if (alert.Id == 0)
        {
            // Fired while the store was away, which gives it its id.
            writer.WriteNull("id");
        }
        else
        {
            writer.WriteNumber("id", alert.Id);
        }

        writer.WriteNumber("target_id", alert.TargetId);
        writer.WriteString("target_name", alert.TargetName);
        writer.WriteString("endpoint", alert.Endpoint);
        writer.WriteString("severity", alert.Severity.Name());
        writer.WriteString("status", alert.IsOpen ? "firing" : "resolved");
        writer.WriteString("resolved_reason", alert.ResolvedReason?.Name());
        writer.WriteString("message", alert.Message);
        writer.WriteTime("started_at", alert.StartedAt);
        writer.WriteTime("fired_at", alert.FiredAt);
        writer.WriteTime("resolved_at", alert.ResolvedAt);
        writer.WriteNumber("failure_count", alert.FailureCount);
        writer.WriteNumber("episode", alert.Episode);
        if (alert.ToldAs is { } told)
        {
            writer.WriteNumber("told_as", told);
        }
        else
        {
            writer.WriteNull("told_as");
        }

        writer.WriteStartArray("deliveries");
        foreach (var delivery in row.Deliveries)
        {
            Write(writer, delivery);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Delivery delivery)
    {
        writer.WriteStartObject();
        writer.WriteNumber("channel_id", delivery.Key.ChannelId);
        writer.WriteString("kind", delivery.Key.Kind.Name());
        writer.WriteString("status", delivery.Status.Name());
        writer.WriteString("reason", delivery.Reason);
        writer.WriteNumber("attempts", delivery.Attempts);
        writer.WriteString("last_error", delivery.LastError);
        writer.WriteString("message_id", delivery.MessageId);
        writer.WriteTime("sent_at", delivery.SentAt);
        writer.WriteEndObject();
    }
}
