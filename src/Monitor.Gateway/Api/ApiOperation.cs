using System.Text.Json.Nodes;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api;

/// <summary>One operation of the API as its clients see it: what routing, access, query checks and the OpenAPI document all follow from.</summary>
internal sealed record ApiOperation(string Method, string Pattern, string Id, Role? Role, string Summary)
{
    public IReadOnlyList<QueryField> Query { get; init; } = [];

    /// <summary>What a body must look like; null: there is none.</summary>
    public ObjectSchema? Body { get; init; }

    /// <summary>The body is a merge patch of <see cref="Body"/>.</summary>
    public bool IsPatch { get; init; }

    /// <summary>Named examples of bodies, as JSON.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> BodyExamples { get; init; } = [];

    public int Status { get; init; } = 200;

    /// <summary>The answer's schema by its name in the document's components.</summary>
    public string? Answer { get; init; }

    public string? AnswerExample { get; init; }
    public string AnswerType { get; init; } = "application/json";

    /// <summary>Statuses of problems that this operation may answer, besides those of every operation.</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];

    public string Tag { get; init; } = "service";

    /// <summary>An optional If-Match is looked at.</summary>
    public bool TakesIfMatch { get; init; }

    /// <summary>An optional Idempotency-Key is looked at.</summary>
    public bool TakesIdempotencyKey { get; init; }
}

/// <summary>One query parameter.</summary>
internal sealed record QueryField(string Name, string Description, JsonObject? Shape = null, bool Repeatable = false)
{
    public static readonly QueryField Limit = new(
        "limit", "How many items a page has.", new IntegerRule(1, QueryReader.MaxLimit).ToJsonSchema(Language.English));

    public static readonly QueryField Cursor = new("cursor", "The next_cursor of the page before.");
    public static readonly QueryField From = new("from", "Inclusive, RFC 3339.");
    public static readonly QueryField To = new("to", "Exclusive, RFC 3339.");
}
