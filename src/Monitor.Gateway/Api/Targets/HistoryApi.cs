using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Api.Targets;

/// <summary>What was seen of a target: results, uptime, history.</summary>
internal sealed class HistoryApi(ITargetStore targets, IHistoryStore history, TimeProvider time)
{
    private const int MaxPoints = 10_000;
    private const string ResultList = "results:";

    public void Map(IEndpointRouteBuilder routes, TargetOperations operations)
    {
        routes.MapOperation(operations.Results, ResultsAsync);
        routes.MapOperation(operations.Uptime, UptimeAsync);
        routes.MapOperation(operations.History, HistoryAsync);
    }

    private async Task<ApiAnswer> ResultsAsync(ApiCall call)
    {
        var given = call.Query;
        var list = ResultList + call.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var query = new ResultQuery(call.Id, given.Time("from"), given.Time("to"), given.Flag("success"), given.Limit(), given.Cursor(list));
        if (given.Refused(out var refusal))
        {
            return refusal;
        }

        if (await targets.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return TargetEdits.Missing;
        }

        var read = await Pages.ReadAsync(query.After, () => history.ListResultsAsync(query, call.Aborted));
        return read.Refused(out refusal!, out var page) ? refusal : Pages.Answer(list, page with { Total = null }, TargetJson.WriteResult);
    }

    private async Task<ApiAnswer> UptimeAsync(ApiCall call)
    {
        var window = call.Query.Choice("window", "24h", TargetOperations.Windows) switch
        {
            "7d" => TimeSpan.FromDays(7),
            "30d" => TimeSpan.FromDays(30),
            "90d" => TimeSpan.FromDays(90),
            _ => TimeSpan.FromHours(24),
        };
        if (call.Query.Refused(out var refusal))
        {
            return refusal;
        }

        if (await targets.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return TargetEdits.Missing;
        }

        var now = time.GetUtcNow();
        var uptime = await history.UptimeAsync(call.Id, now - window, now, call.Aborted);
        return new JsonAnswer(writer => Write(writer, uptime));
    }

    private async Task<ApiAnswer> HistoryAsync(ApiCall call)
    {
        var given = call.Query;
        var to = given.Time("to") ?? time.GetUtcNow();
        var from = given.Time("from") ?? (to > DateTimeOffset.MinValue.AddDays(1) ? to.AddDays(-1) : DateTimeOffset.MinValue);
        var step = TimeSpan.FromSeconds(given.Number("step", 1, 86_400) ?? 60);
        if (from > to)
        {
            given.Refuse("from", "must not be after to", "不能晚于 to");
        }
        else if ((to - from) / step > MaxPoints)
        {
            given.Refuse("step", $"from, to and step ask for more than {MaxPoints} points", $"from、to 与 step 超过 {MaxPoints} 个点");
        }

        if (given.Refused(out var refusal))
        {
            return refusal;
        }

        if (await targets.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return TargetEdits.Missing;
        }

        var points = await history.HistoryAsync(call.Id, from, to, step, call.Aborted);
        return new JsonAnswer(writer => Write(writer, points));
    }

    private static void Write(Utf8JsonWriter writer, Uptime uptime)
    {
        writer.WriteStartObject();
        WriteNumber(writer, "uptime_percent", uptime.UptimePercent, digits: 4);
        writer.WriteNumber("observed_seconds", Math.Round(uptime.ObservedSeconds, 3));
        writer.WriteNumber("checks", uptime.Checks);
        writer.WriteNumber("failures", uptime.Failures);
        writer.WriteStartObject("latency_ms");
        WriteNumber(writer, "p50", uptime.P50);
        WriteNumber(writer, "p95", uptime.P95);
        WriteNumber(writer, "p99", uptime.P99);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<HistoryPoint> points)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("items");
        foreach (var point in points)
        {
            writer.WriteStartObject();
            writer.WriteTime("at", point.At);
            writer.WriteNumber("checks", point.Checks);
            writer.WriteNumber("failures", point.Failures);
            writer.WriteNumber("warnings", point.Warnings);
            writer.WriteStartObject("latency_ms");
            WriteNumber(writer, "avg", point.LatencyAvg);
            WriteNumber(writer, "max", point.LatencyMax);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? number, int digits = 3)
    {
        if (number is { } given && double.IsFinite(given))
        {
            writer.WriteNumber(name, Math.Round(given, digits));
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
