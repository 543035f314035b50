using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Api.Tokens;
using Monitor.Gateway.Web.Serving;

namespace Monitor.Gateway.Web.Settings;

/// <summary>Tokens, for administrators.</summary>
internal sealed class SettingsPages(ITokenStore store, TokenCache cache, TokenEdits edits, GatewayOptions options, TimeProvider time)
{
    private const int MaxTokens = 500;

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/settings", Role.Viewer, async call => Shown.Of<SettingsPage>(await ModelAsync(call)));
        pages.Post(routes, "/settings/tokens", Role.Admin, CreateAsync);
        pages.Post(routes, "/settings/tokens/{id:long:min(1)}/revoke", Role.Admin, RevokeAsync);
    }

    private async Task<SettingsModel> ModelAsync(PageCall call)
    {
        var tokens = call.Visitor.IsAdmin ? (await store.ListTokensAsync(MaxTokens, null, call.Aborted)).Items : [];
        return new SettingsModel([.. tokens.Select(token => new TokenLine(token, cache.LastUsed(token.Id) ?? token.LastUsedAt))], Guid.CreateVersion7(time.GetUtcNow()).ToString("N"), options.Version);
    }

    private async Task<PageAnswer> CreateAsync(PageCall call)
    {
        var (name, role, expires) = (call.Text("name").Trim(), call.Text("role"), call.Text("expires_at").Trim());
        var body = new JsonObject { ["role"] = role };
        if (name.Length > 0)
        {
            body["name"] = name;
        }

        if (expires.Length > 0)
        {
            body["expires_at"] = expires;
        }

        var made = await edits.CreateAsync(JsonSerializer.SerializeToElement(body, ConfigReader.Readable), call.EditOnce(time.GetUtcNow()));
        var model = await ModelAsync(call);
        if (made.Refused(out var refusal, out var token))
        {
            return Shown.Of<SettingsPage>(
                model with { Name = name, Role = role, Expires = expires, Errors = refusal.Errors, Problem = refusal.Errors.Count > 0 ? null : refusal.Detail }, refusal.Status);
        }

        return Shown.Of<SettingsPage>(model with { NewToken = token.Plain, NewTokenName = token.Token.Name });
    }

    private async Task<PageAnswer> RevokeAsync(PageCall call) =>
        await edits.RevokeAsync(call.Id, call.Aborted) is { } refusal ? new Refused(refusal) : new GoTo("/settings");
}
