using System.Globalization;
using System.Text.Json.Nodes;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Memory;

namespace Monitor.Gateway.OpenApi;

/// <summary>One operation as OpenAPI describes it.</summary>
internal static class OperationJson
{
    public static JsonObject Of(ApiOperation operation)
    {
        var json = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["tags"] = new JsonArray(operation.Tag),
            ["summary"] = operation.Summary,
        };
        if (operation.Role is { } role)
        {
            json["description"] = $"Needs the role {role.Name()}.";
        }
        else
        {
            json["security"] = new JsonArray();
        }

        if (Parameters(operation) is { Count: > 0 } parameters)
        {
            json["parameters"] = parameters;
        }

        if (operation.Body is not null)
        {
            json["requestBody"] = Body(operation);
        }

        json["responses"] = Responses(operation);
        return json;
    }

    private static JsonArray Parameters(ApiOperation operation)
    {
        var parameters = new JsonArray();
        if (operation.Pattern.Contains("{id}", StringComparison.Ordinal))
        {
            parameters.Add(Parameter("id", "path", null, new JsonObject { ["type"] = "integer", ["format"] = "int64", ["minimum"] = 0 }, required: true));
        }

        foreach (var field in operation.Query)
        {
            var shape = field.Shape?.DeepClone().AsObject() ?? new JsonObject { ["type"] = "string" };
            parameters.Add(Parameter(field.Name, "query", field.Description, field.Repeatable ? new JsonObject { ["type"] = "array", ["items"] = shape } : shape));
        }

        if (operation.TakesIfMatch)
        {
            parameters.Add(Parameter("If-Match", "header", "The ETag that it must still have; else 412.", new JsonObject { ["type"] = "string" }));
        }

        if (operation.TakesIdempotencyKey)
        {
            parameters.Add(Parameter("Idempotency-Key", "header", "Kept 24 h: the same call again answers what the first one made.", new JsonObject { ["type"] = "string", ["maxLength"] = 200 }));
        }

        return parameters;
    }

    private static JsonObject Parameter(string name, string place, string? description, JsonObject schema, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["schema"] = schema };
        if (description is not null)
        {
            parameter["description"] = description;
        }

        if (required)
        {
            parameter["required"] = true;
        }

        return parameter;
    }

    private static JsonObject Body(ApiOperation operation)
    {
        var schema = operation.Body!.ToJsonSchema(Language.English);
        if (operation.IsPatch)
        {
            schema.Remove("required");
        }

        var examples = new JsonObject();
        foreach (var (name, body) in operation.BodyExamples)
        {
            examples[name] = new JsonObject { ["value"] = JsonNode.Parse(body) };
        }

        var content = new JsonObject { ["schema"] = schema };
        if (examples.Count > 0)
        {
            content["examples"] = examples;
        }

        return new JsonObject
        {
            ["required"] = true,
            ["content"] = new JsonObject { [operation.IsPatch ? "application/merge-patch+json" : "application/json"] = content },
        };
    }

    private static JsonObject Responses(ApiOperation operation)
    {
        var success = new JsonObject { ["description"] = operation.Summary };
        if (operation.Status != 204)
        {
            var isJson = operation.AnswerType == "application/json";
            success["content"] = new JsonObject
            {
                [operation.AnswerType] = new JsonObject
                {
                    ["schema"] = isJson ? Reference(operation.Answer!) : new JsonObject { ["type"] = "string" },
                    ["example"] = isJson ? JsonNode.Parse(operation.AnswerExample!) : operation.AnswerExample,
                },
            };
        }

        if (operation is { Method: "GET", Role: not null })
        {
            success["headers"] = Headers();
        }

        var responses = new JsonObject { [Code(operation.Status)] = success };
        int[] common = operation.Role is null ? [400] : [400, 401, 403, 503];
        foreach (var status in common.Concat(operation.Problems).Distinct().Order())
        {
            responses[Code(status)] = new JsonObject
            {
                ["description"] = Problem.Title(status).English,
                ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Reference("Problem") } },
            };
        }

        return responses;
    }

    /// <summary>Of reads that may be answered while the store is away.</summary>
    private static JsonObject Headers() => new()
    {
        [AnswerOrigin.Header] = new JsonObject { ["description"] = "memory: the store is away, and this is what the silo knows.", ["schema"] = new JsonObject { ["type"] = "string" } },
        [AnswerOrigin.AgeHeader] = new JsonObject { ["description"] = "With it: seconds since the oldest part of the answer was known to be so.", ["schema"] = new JsonObject { ["type"] = "integer" } },
    };

    private static JsonObject Reference(string schema) => new() { ["$ref"] = "#/components/schemas/" + schema };

    private static string Code(int status) => status.ToString(CultureInfo.InvariantCulture);
}
