using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Access;

namespace Monitor.Gateway.Api.Tokens;

/// <summary>Makes and revokes tokens, for API and pages alike.</summary>
internal sealed class TokenEdits(ITokenStore store, TokenCache cache, GatewayOptions options, TimeProvider time)
{
    public static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such token", "令牌不存在"));

    private static readonly Problem LastAdmin = new(StatusCodes.Status409Conflict, new LocalizedText(
        "this is the last administrator's token: without it nobody could make another; make another one first",
        "这是最后一个管理员令牌：删除后将无人能再创建令牌，请先创建另一个"));

    public async Task<Reading<MadeToken>> CreateAsync(JsonElement body, Edit edit)
    {
        var errors = new List<FieldError>();
        TokenFields.Schema.Validate(body, "", errors);
        var values = new ConfigValues(body);
        var expires = values.Raw("expires_at") is { ValueKind: JsonValueKind.String } text ? ApiTime.Parse(text.GetString()!) : null;
        if (expires <= edit.At)
        {
            errors.Add(FieldError.At("expires_at", "must be in the future", "必须是将来的时间"));
        }

        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
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
        return new MadeToken(token, outcome.Problem == EditProblem.Replayed ? null : plain);
    }

    /// <summary>Null when it is done: refused from that answer on.</summary>
    public async Task<Problem?> RevokeAsync(long id, CancellationToken aborted)
    {
        var all = await store.LoadTokensAsync(aborted);
        var now = time.GetUtcNow();
        if (options is { AdminTokenHash: null, Access: AccessMode.Tokens }
            && all.Any(token => token.Id == id && token.Role == Role.Admin)
            && !all.Any(token => token.Id != id && token.Role == Role.Admin && (token.ExpiresAt is null || token.ExpiresAt > now)))
        {
            return LastAdmin;
        }

        if (!await store.DeleteTokenAsync(id, CancellationToken.None))
        {
            return Missing;
        }

        cache.Forget(id);
        await cache.RefreshAsync(CancellationToken.None);
        return null;
    }
}

/// <param name="Plain">The token itself, shown this once; null when it was shown before.</param>
internal sealed record MadeToken(ApiToken Token, string? Plain);
