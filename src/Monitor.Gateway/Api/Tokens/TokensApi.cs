using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Access;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Tokens;

/// <summary>API tokens: for administrators. The token itself is answered once.</summary>
internal sealed class TokensApi(ITokenStore store, TokenCache cache, GatewayOptions options, TimeProvider time)
{
    private const string Root = "/api/v1/tokens";
    private const string One = Root + "/{id}";
    private const string Tag = "tokens";
    private const string TokenList = "tokens:id";

    private static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such token", "令牌不存在"));

    private static readonly Problem LastAdmin = new(StatusCodes.Status409Conflict, new LocalizedText(
        "this is the last administrator's token: without it nobody could make another; make another one first",
        "这是最后一个管理员令牌：删除后将无人能再创建令牌，请先创建另一个"));

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
        await store.FindTokenAsync(call.Id, call.Aborted) is { } token ? new JsonAnswer(writer => Write(writer, token, plain: null)) : Missing;

    private async Task<ApiAnswer> CreateAsync(ApiCall call)
    {
        if ((await call.BodyAsync()).Refused(out var refusal, out var body))
        {
            return refusal;
        }

        using (body)
        {
            var now = time.GetUtcNow();
            var errors = new List<FieldError>();
            TokenFields.Schema.Validate(body.Root, "", errors);
            var values = new ConfigValues(body.Root);
            var expires = values.Raw("expires_at") is { ValueKind: JsonValueKind.String } text ? ApiTime.Parse(text.GetString()!) : null;
            if (expires <= now)
            {
                errors.Add(FieldError.At("expires_at", "must be in the future", "必须是将来的时间"));
            }

            if (errors.Count > 0)
            {
                return Problem.Invalid(errors);
            }

            if (call.Edit(now, body).Refused(out refusal, out var edit))
            {
                return refusal;
            }

            var plain = TokenText.Create();
            var role = EnumNames.Parse<Role>(values.Text("role")!)!.Value;
            var outcome = await store.CreateTokenAsync(values.Text("name")!, role, TokenText.Hash(plain), expires, edit, CancellationToken.None);
            if (outcome.Value is not { } token)
            {
                return Revisions.Refusal(outcome, Missing);
            }

            await cache.RefreshAsync(CancellationToken.None);

            // The token of a repeated call was answered to the first one; only its hash is left.
            var once = outcome.Problem == EditProblem.Replayed ? null : plain;
            return new JsonAnswer(writer => Write(writer, token, once, isNew: true), StatusCodes.Status201Created)
            {
                Location = Root + "/" + token.Id.ToString(CultureInfo.InvariantCulture),
            };
        }
    }

    private async Task<ApiAnswer> DeleteAsync(ApiCall call)
    {
        var all = await store.LoadTokensAsync(call.Aborted);
        var now = time.GetUtcNow();
        if (options is { AdminTokenHash: null, Access: AccessMode.Tokens }
            && all.Any(token => token.Id == call.Id && token.Role == Role.Admin)
            && !all.Any(token => token.Id != call.Id && token.Role == Role.Admin && (token.ExpiresAt is null || token.ExpiresAt > now)))
        {
            return LastAdmin;
        }

        if (!await store.DeleteTokenAsync(call.Id, CancellationToken.None))
        {
            return Missing;
        }

        cache.Forget(call.Id);
        await cache.RefreshAsync(CancellationToken.None);
        return NoContent.Instance;
    }

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
