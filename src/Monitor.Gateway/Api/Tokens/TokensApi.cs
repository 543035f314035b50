using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Access;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Tokens;

/// <summary>API tokens: for administrators. The token itself is answered once.</summary>
internal sealed class TokensApi(ITokenStore store, TokenCache cache, TokenEdits edits, TimeProvider time)
{
    private const string Root = "/api/v1/tokens";
    private const string One = Root + "/{id}";
    private const string Tag = "tokens";
    private const string TokenList = "tokens:id";

    private static readonly ApiOperation List = new("GET", Root, "listTokens", Role.Admin, "Tokens by id, without the tokens themselves")
    {
        Tag = Tag,
        Answer = "TokenPage",
        AnswerExample = Examples.Page(Examples.Token),
        Query = [QueryField.Limit, QueryField.Cursor],
    };

    private static readonly ApiOperation Create = new("POST", Root, "createToken", Role.Admin, "Make a token; it is answered this once")
    {
        Tag = Tag,
        Body = TokenFields.Schema,
        BodyExamples = Examples.Bodies(("dashboard", """{"name":"dashboard","role":"viewer","expires_at":"2099-01-01T00:00:00Z"}""")),
        Status = 201,
        Answer = "NewToken",
        AnswerExample = Examples.NewToken,
        Problems = [410, 413, 415, 422],
        TakesIdempotencyKey = true,
    };

    private static readonly ApiOperation Read = new("GET", One, "readToken", Role.Admin, "One token, without the token itself")
    {
        Tag = Tag,
        Answer = "Token",
        AnswerExample = Examples.Token,
        Problems = [404],
    };

    private static readonly ApiOperation Delete = new("DELETE", One, "revokeToken", Role.Admin, "Revoke it at once")
    {
        Tag = Tag,
        Status = 204,
        Problems = [404, 409],
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOperation(List, ListAsync);
        routes.MapOperation(Create, CreateAsync);
        routes.MapOperation(Read, ReadAsync);
        routes.MapOperation(Delete, DeleteAsync);
    }

    private async Task<ApiAnswer> ListAsync(ApiCall call)
    {
        var (limit, after) = (call.Query.Limit(), call.Query.Cursor(TokenList));
        if (call.Query.Refused(out var refusal))
        {
            return refusal;
        }

        var read = await Pages.ReadAsync(after, () => store.ListTokensAsync(limit, after, call.Aborted));
        return read.Refused(out refusal!, out var page) ? refusal : Pages.Answer(TokenList, page, (writer, token) => Write(writer, token, plain: null));
    }

    private async Task<ApiAnswer> ReadAsync(ApiCall call) =>
        await store.FindTokenAsync(call.Id, call.Aborted) is { } token ? new JsonAnswer(writer => Write(writer, token, plain: null)) : TokenEdits.Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            var now = time.GetUtcNow();
            if (call.Edit(now, body).Refused(out refusal, out var edit)
                || (await edits.CreateAsync(body.Root, edit)).Refused(out refusal, out var made))
            {
                return refusal;
            }

            return new JsonAnswer(writer => Write(writer, made.Token, made.Plain, isNew: true), StatusCodes.Status201Created)
            {
                Location = Root + "/" + made.Token.Id.ToString(CultureInfo.InvariantCulture),
            };
        }
    }

    private async Task<ApiAnswer> DeleteAsync(ApiCall call) =>
        (ApiAnswer?)await edits.RevokeAsync(call.Id, call.Aborted) ?? NoContent.Instance;

    private void Write(Utf8JsonWriter writer, ApiToken token, string? plain, bool isNew = false)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", token.Id);
        writer.WriteString("name", token.Name);
        writer.WriteString("role", token.Role.Name());
        writer.WriteTime("expires_at", token.ExpiresAt);
        writer.WriteTime("created_at", token.CreatedAt);
        writer.WriteTime("last_used_at", cache.LastUsed(token.Id) ?? token.LastUsedAt);
        if (isNew)
        {
            writer.WriteString("token", plain);
        }

        writer.WriteEndObject();
    }
}
