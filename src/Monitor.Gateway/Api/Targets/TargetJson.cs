using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Targets and results as JSON.</summary>
internal static class TargetJson
{
    public static void Write(Utf8JsonWriter writer, TargetView view)
    {
        var (target, last) = (view.Target, view.Last);
        writer.WriteStartObject();
        writer.WriteNumber("id", target.Id);
        WriteSettings(writer, target.Settings);
        writer.WriteString("endpoint", target.Settings.Endpoint);
        writer.WriteString("status", view.Status.Name());
        writer.WriteString("last_message", view.Message);
        writer.WriteTime("last_checked_at", last?.CheckedAt);
        WriteLatency(writer, "last_latency_ms", last?.Latency);
        writer.WriteNumber("consecutive_failures", view.ConsecutiveFailures);
        WriteTexts(writer, "warnings", last?.Warnings ?? []);
        WriteTexts(writer, "notes", view.Notes);
        WriteMetrics(writer, last?.Metrics ?? ProbeMetrics.Empty);
        writer.WriteTime("status_since", view.StatusSince);
        writer.WriteTime("created_at", target.CreatedAt);
        writer.WriteTime("updated_at", target.UpdatedAt);
        writer.WriteString("created_by", target.CreatedBy);
        writer.WriteString("updated_by", target.UpdatedBy);
        writer.WriteEndObject();
    }

    public static void WriteResult(Utf8JsonWriter writer, CheckRecord result)
    {
        writer.WriteStartObject();
        writer.WriteTime("checked_at", result.CheckedAt);
        writer.WriteString("outcome", result.Outcome.Name());
        writer.WriteBoolean("success", result.Success);
        writer.WriteString("stage", result.Stage?.Name());
        WriteLatency(writer, "latency_ms", result.Latency);
        writer.WriteString("message", result.Message);
        WriteTexts(writer, "warnings", result.Warnings);
        WriteTexts(writer, "notes", result.Notes);
        WriteMetrics(writer, result.Metrics);
        writer.WriteString("trigger", result.Trigger.Name());
        writer.WriteString("silo", result.Silo);
        writer.WriteString("zone", result.Zone);
        writer.WriteEndObject();
    }

    /// <summary>The settings as a client would send them, secrets masked: what a merge patch is applied to.</summary>
    public static JsonObject Sendable(TargetSettings settings)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonAnswer.Readable))
        {
            writer.WriteStartObject();
            WriteSettings(writer, settings);
            writer.WriteEndObject();
        }

        return JsonNode.Parse(stream.ToArray())!.AsObject();
    }

    private static void WriteSettings(Utf8JsonWriter writer, TargetSettings settings)
    {
        writer.WriteString("name", settings.Name);
        writer.WriteString("type", settings.Type);
        writer.WritePropertyName("config");
        writer.WriteRawValue(settings.MaskedConfig, skipInputValidation: true);
        writer.WriteNumber("interval_seconds", settings.IntervalSeconds);
        writer.WriteNumber("timeout_seconds", settings.TimeoutSeconds);
        writer.WriteNumber("failure_threshold", settings.FailureThreshold);
        writer.WriteNumber("recovery_threshold", settings.RecoveryThreshold);
        if (settings.RetryIntervalSeconds is { } retry)
        {
            writer.WriteNumber("retry_interval_seconds", retry);
        }
        else
        {
            writer.WriteNull("retry_interval_seconds");
        }

        writer.WriteBoolean("notify_degraded", settings.NotifyDegraded);
        writer.WriteBoolean("enabled", settings.Enabled);
        writer.WriteString("group", settings.Group);
        writer.WriteStartObject("labels");
        foreach (var (key, value) in settings.Labels)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("notify_channel_ids");
        foreach (var id in settings.ChannelIds)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
        writer.WriteString("external_id", settings.ExternalId);
    }

    private static void WriteLatency(Utf8JsonWriter writer, string name, TimeSpan? latency)
    {
        if (latency is { } given)
        {
            writer.WriteNumber(name, Math.Round(given.TotalMilliseconds, 3));
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    private static void WriteMetrics(Utf8JsonWriter writer, ProbeMetrics metrics)
    {
        writer.WriteStartObject("metrics");
        foreach (var metric in metrics.Items)
        {
            writer.WritePropertyName(metric.Name);
            WriteMetric(writer, metric.Value);
        }

        writer.WriteEndObject();
    }

    private static void WriteMetric(Utf8JsonWriter writer, MetricValue value)
    {
        if (value.Truth is { } truth)
        {
            writer.WriteBooleanValue(truth);
        }
        else if (value.Number is { } number)
        {
            WriteNumber(writer, number);
        }
        else if (value.List is { } list)
        {
            writer.WriteStartArray();
            foreach (var item in list)
            {
                writer.WriteStringValue(item);
            }

            writer.WriteEndArray();
        }
        else if (value.Map is { } map)
        {
            writer.WriteStartObject();
            foreach (var (key, item) in map)
            {
                writer.WritePropertyName(key);
                WriteNumber(writer, item);
            }

            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStringValue(value.Text);
        }
    }

    /// <summary>JSON has no infinity: one from a prober must not make its target unreadable.</summary>
    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
