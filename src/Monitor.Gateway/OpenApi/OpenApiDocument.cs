using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Probing;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.OpenApi;

/// <summary><c>/openapi/v1.json</c>, version 3.1: made from the operations that are mapped and the schemas that bodies are judged by, so that it cannot say otherwise.</summary>
internal sealed class OpenApiDocument(GatewayOptions options, ProberCatalog catalog, TargetReader reader)
{
    private byte[]? _document;

    public void Map(IEndpointRouteBuilder routes)
    {
        var operation = new ApiOperation("GET", "/openapi/v1.json", "openapi", null, "This document")
        {
            Answer = "Document",
            AnswerExample = """{"openapi":"3.1.1"}""",
        };
        routes.MapOperation(operation, _ => Task.FromResult<ApiAnswer>(new Document(_document ??= Make(routes))));
    }

    private byte[] Make(IEndpointRouteBuilder routes)
    {
        var paths = new JsonObject();
        var operations = routes.DataSources.SelectMany(source => source.Endpoints).Select(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>()).OfType<ApiOperation>();
        foreach (var operation in operations)
        {
            if (paths[operation.Pattern] is not JsonObject path)
            {
                paths[operation.Pattern] = path = [];
            }

            path[operation.Method.ToLowerInvariant()] = OperationJson.Of(operation);
        }

        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Monitor",
                ["version"] = options.Version,
                ["description"] = "Watches services and tells people. JSON is snake_case, times are RFC 3339 UTC, ids are integers below 2^53 and never used again. Ignore unknown fields and tolerate unknown enum values.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = options.PublicUrl?.ToString().TrimEnd('/') ?? "/" }),
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = AnswerSchemas.All(reader.Schema, catalog),
            },
        };
        return Encoding.UTF8.GetBytes(document.ToJsonString(ConfigReader.Readable));
    }

    private sealed class Document(byte[] bytes) : ApiAnswer
    {
        public override Task WriteAsync(HttpContext context) =>
            JsonAnswer.SendAsync(context.Response, "application/json; charset=utf-8", bytes, context.RequestAborted);
    }
}
