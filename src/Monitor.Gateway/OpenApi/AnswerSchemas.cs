using System.Text.Json.Nodes;
using Monitor.Core.Alerts;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Channels;
using Monitor.Gateway.Api.Tokens;

namespace Monitor.Gateway.OpenApi;

/// <summary>The shapes of answers. They are open: clients ignore what they do not know.</summary>
internal static class AnswerSchemas
{
    public static JsonObject All(ObjectSchema target, ProberCatalog catalog)
    {
        var schemas = new JsonObject
        {
            ["Target"] = Answered(target),
            ["Channel"] = Answered(ChannelFields.Schema),
            ["Token"] = Answered(TokenFields.Schema),
            ["NewToken"] = WithToken(Answered(TokenFields.Schema)),
            ["Result"] = Open(
                ("checked_at", Time()), ("outcome", Enum(EnumNames.All<ProbeOutcome>())), ("success", Type("boolean")),
                ("stage", Nullable(Enum(EnumNames.All<FailureStage>()))), ("latency_ms", Nullable(Type("number"))), ("message", Type("string")),
                ("warnings", List(Type("string"))), ("notes", List(Type("string"))), ("metrics", Type("object")),
                ("trigger", Enum(EnumNames.All<ProbeTrigger>())), ("silo", Type("string")), ("zone", Type("string"))),
            ["Uptime"] = Open(
                ("uptime_percent", Nullable(Type("number"))), ("observed_seconds", Type("number")), ("checks", Type("integer")), ("failures", Type("integer")),
                ("latency_ms", Open(("p50", Nullable(Type("number"))), ("p95", Nullable(Type("number"))), ("p99", Nullable(Type("number")))))),
            ["History"] = Open(("items", List(Open(
                ("at", Time()), ("checks", Type("integer")), ("failures", Type("integer")), ("warnings", Type("integer")),
                ("latency_ms", Open(("avg", Nullable(Type("number"))), ("max", Nullable(Type("number"))))))))),
            ["ChannelTest"] = Open(
                ("sent", Type("boolean")), ("http_status", Nullable(Type("integer"))), ("errcode", Nullable(Type("integer"))),
                ("errmsg", Nullable(Type("string"))), ("answer", Nullable(Type("string")))),
            ["Alert"] = Alert(),
            ["Probers"] = List(Open(("type", Type("string")), ("name", Type("string")), ("schema", Type("object")))),
            ["Cluster"] = Cluster(),
            ["Condition"] = Open(("status", Type("string")), ("reasons", List(Type("string")))),
            ["Document"] = Open(("openapi", Type("string"))),
            ["Problem"] = Open(
                ("type", Type("string")), ("title", Type("string")), ("status", Type("integer")), ("detail", Type("string")),
                ("errors", new JsonObject { ["type"] = "object", ["additionalProperties"] = List(Type("string")) }), ("target_ids", List(Type("integer")))),
        };
        foreach (var name in (string[])["Target", "Channel", "Token", "Alert", "Result"])
        {
            schemas[name + "Page"] = PageOf(name);
        }

        foreach (var prober in catalog.All)
        {
            schemas["Config_" + prober.Type] = prober.Schema.ToJsonSchema(Language.English);
        }

        return schemas;
    }

    /// <summary>What is sent, as it is answered: every field is there, null where it is not set.</summary>
    private static JsonObject Answered(ObjectSchema schema)
    {
        var json = schema.ToJsonSchema(Language.English);
        json.Remove("additionalProperties");
        json.Remove("required");
        foreach (var property in json["properties"]!.AsObject().ToArray())
        {
            var shape = property.Value!.AsObject();
            shape.Remove("default");
            if (shape["type"] is JsonValue type)
            {
                shape["type"] = new JsonArray(type.DeepClone(), "null");
            }

            if (shape["enum"] is JsonArray names)
            {
                names.Add(null);
            }
        }

        return json;
    }

    private static JsonObject WithToken(JsonObject token)
    {
        token["properties"]!["token"] = new JsonObject
        {
            ["type"] = new JsonArray("string", "null"),
            ["description"] = "Answered this once; null when the same call is repeated.",
        };
        return token;
    }

    private static JsonObject Alert() => Open(
        ("id", Described(Nullable(Type("integer")), "Null while the store, which gives it, is away.")), ("target_id", Type("integer")), ("target_name", Type("string")), ("endpoint", Type("string")),
        ("severity", Enum(EnumNames.All<AlertSeverity>())), ("status", Enum(["firing", "resolved"])),
        ("resolved_reason", Nullable(Enum(EnumNames.All<ResolvedReason>()))), ("message", Type("string")),
        ("started_at", Time()), ("fired_at", Time()), ("resolved_at", Nullable(Time())), ("failure_count", Type("integer")),
        ("episode", Type("integer")), ("told_as", Nullable(Type("integer"))),
        ("deliveries", List(Open(
            ("channel_id", Type("integer")), ("kind", Enum(EnumNames.All<DeliveryKind>())), ("status", Enum(EnumNames.All<DeliveryStatus>())),
            ("reason", Nullable(Type("string"))), ("attempts", Type("integer")), ("last_error", Nullable(Type("string"))),
            ("message_id", Nullable(Type("string"))), ("sent_at", Nullable(Time()))))));

    private static JsonObject Cluster() => Open(
        ("silos", List(Open(
            ("name", Type("string")), ("zone", Type("string")), ("address", Type("string")), ("started_at", Time()), ("heartbeat_at", Time()),
            ("shards", Type("integer")), ("targets", Type("integer")), ("probes_per_second", Type("number")), ("schedule_lag_p99_ms", Type("number"))))),
        ("shards", Type("integer")), ("unowned", Type("integer")));

    private static JsonObject PageOf(string name)
    {
        var page = Open(
            ("items", List(new JsonObject { ["$ref"] = "#/components/schemas/" + name })), ("next_cursor", Nullable(Type("string"))));
        if (name != "Result")
        {
            page["properties"]!["total"] = Type("integer");
        }

        return page;
    }

    private static JsonObject Open(params (string Name, JsonObject Shape)[] fields) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Shape))),
    };

    private static JsonObject Type(string name) => new() { ["type"] = name };

    private static JsonObject Time() => new() { ["type"] = "string", ["format"] = "date-time" };

    private static JsonObject Enum(IEnumerable<string> names) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. names.Select(name => (JsonNode)name)]) };

    private static JsonObject List(JsonObject item) => new() { ["type"] = "array", ["items"] = item };

    private static JsonObject Described(JsonObject shape, string description)
    {
        shape["description"] = description;
        return shape;
    }

    private static JsonObject Nullable(JsonObject shape)
    {
        shape["type"] = new JsonArray(shape["type"]!.DeepClone(), "null");
        if (shape["enum"] is JsonArray names)
        {
            names.Add(null);
        }

        return shape;
    }
}
