using System.Text.Json.Nodes;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Targets;

/// <summary>The operations on targets, as clients see them.</summary>
internal sealed class TargetOperations(TargetReader reader, ProberCatalog catalog)
{
    private const string Root = "/api/v1/targets";
    private const string One = Root + "/{id}";
    private const string Tag = "targets";

    public static readonly string[] Sorts = ["id", "-id", "name", "-name", "status_since", "-status_since"];
    public static readonly string[] Windows = ["24h", "7d", "30d", "90d"];

    private readonly IReadOnlyList<KeyValuePair<string, string>> _bodies = Examples.Targets(catalog);

    public ApiOperation List { get; } = new("GET", Root, "listTargets", Role.Viewer, "Targets, filtered, by id unless sorted otherwise")
    {
        Tag = Tag,
        Answer = "TargetPage",
        AnswerExample = Examples.Page(Examples.Target),
        Query =
        [
            QueryField.Limit,
            QueryField.Cursor,
            new("type", "Only this type."),
            new("status", "Only these statuses, separated by commas."),
            new("group", "Only this group."),
            new("label", "key=value; repeated: all of them.", Repeatable: true),
            new("q", "In the name, any case."),
            new("enabled", "Only enabled, or only disabled.", new JsonObject { ["type"] = "boolean" }),
            new("sort", "The order; with a minus the other way round.", OneOf(Sorts)),
        ],
    };

    public ApiOperation Create => new("POST", Root, "createTarget", Role.Editor, "Make a target; it is probed within 5 s")
    {
        Tag = Tag,
        Body = reader.Schema,
        BodyExamples = _bodies,
        Status = 201,
        Answer = "Target",
        AnswerExample = Examples.Target,
        Problems = [409, 410, 413, 415, 422],
        TakesIdempotencyKey = true,
    };

    public ApiOperation Read { get; } = new("GET", One, "readTarget", Role.Viewer, "One target")
    {
        Tag = Tag,
        Answer = "Target",
        AnswerExample = Examples.Target,
        Problems = [404],
    };

    public ApiOperation Replace => new("PUT", One, "replaceTarget", Role.Editor, "Replace the settings; a secret sent as ****** keeps its value")
    {
        Tag = Tag,
        Body = reader.Schema,
        BodyExamples = _bodies,
        Answer = "Target",
        AnswerExample = Examples.Target,
        Problems = [404, 409, 412, 413, 415, 422],
        TakesIfMatch = true,
    };

    public ApiOperation Patch => new("PATCH", One, "changeTarget", Role.Editor, "Change some settings: a merge patch (RFC 7396)")
    {
        Tag = Tag,
        Body = reader.Schema,
        IsPatch = true,
        BodyExamples = Examples.Bodies(("slower", Examples.TargetPatch)),
        Answer = "Target",
        AnswerExample = Examples.Target,
        Problems = [404, 409, 412, 413, 415, 422],
        TakesIfMatch = true,
    };

    public ApiOperation Delete { get; } = new("DELETE", One, "deleteTarget", Role.Editor, "Delete it; what is open is resolved as deleted, its alerts stay")
    {
        Tag = Tag,
        Status = 204,
        Problems = [404, 412],
        TakesIfMatch = true,
    };

    public ApiOperation Enable { get; } = Switch("enable", "enableTarget", "Watch it again");

    public ApiOperation Disable { get; } = Switch("disable", "disableTarget", "Stop watching it; what is open is resolved as disabled");

    public ApiOperation Probe { get; } = new("POST", One + "/probe", "probeTarget", Role.Editor, "Run it now; only a clean success counts")
    {
        Tag = Tag,
        Answer = "Result",
        AnswerExample = Examples.Result,
        Problems = [404, 409],
    };

    public ApiOperation Results { get; } = new("GET", One + "/results", "listResults", Role.Viewer, "Its results, newest first")
    {
        Tag = Tag,
        Answer = "ResultPage",
        AnswerExample = Examples.Page(Examples.Result, counted: false),
        Query =
        [
            QueryField.Limit,
            QueryField.Cursor,
            QueryField.From,
            QueryField.To,
            new("success", "Only successes, or only what is none.", new JsonObject { ["type"] = "boolean" }),
        ],
        Problems = [404],
    };

    public ApiOperation Uptime { get; } = new("GET", One + "/uptime", "readUptime", Role.Viewer, "Time unhealthy over time observed")
    {
        Tag = Tag,
        Answer = "Uptime",
        AnswerExample = Examples.Uptime,
        Query = [new("window", "How far back.", OneOf(Windows))],
        Problems = [404],
    };

    public ApiOperation History { get; } = new("GET", One + "/history", "readHistory", Role.Viewer, "What was checked, step by step, oldest first")
    {
        Tag = Tag,
        Answer = "History",
        AnswerExample = Examples.History,
        Query = [QueryField.From, QueryField.To, new("step", "Seconds; 60 if not given.", new IntegerRule(1, 86_400).ToJsonSchema(Core.Text.Language.English))],
        Problems = [404],
    };

    public ApiOperation DryRun => new("POST", "/api/v1/probe", "dryRun", Role.Editor, "Try a config once; nothing is stored")
    {
        Tag = Tag,
        Body = DryRunFields.Of(catalog),
        BodyExamples = Examples.DryRuns(catalog),
        Answer = "Result",
        AnswerExample = Examples.Result,
        Problems = [413, 415, 422],
    };

    private static JsonObject OneOf(string[] names) => new TextRule { OneOf = names }.ToJsonSchema(Core.Text.Language.English);

    private static ApiOperation Switch(string verb, string id, string summary) => new("POST", $"{One}/{verb}", id, Role.Editor, summary)
    {
        Tag = Tag,
        Answer = "Target",
        AnswerExample = Examples.Target,
        Problems = [404, 412],
        TakesIfMatch = true,
    };
}

/// <summary>The fields of a dry run.</summary>
internal static class DryRunFields
{
    public static ObjectSchema Of(ProberCatalog catalog) => new(
        new Field("type", TargetFields.TypeRule(catalog)) { Required = true },
        new Field("config", new AnyRule()) { Required = true },
        new Field("timeout_seconds", TargetFields.Timeout) { Default = "5" },
        new Field("target_id", new IntegerRule(1, TargetFields.MaxId)) { Description = new("Its stored secrets replace ******.", "用该目标已保存的密钥替换 ******。") });
}
