using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Settings;

/// <summary>The tokens, and one that was just made.</summary>
public sealed record SettingsModel(IReadOnlyList<TokenLine> Tokens, string Once, string Version)
{
    /// <summary>Shown this once.</summary>
    public string? NewToken { get; init; }
    public string? NewTokenName { get; init; }
    public string Name { get; init; } = "";
    public string Role { get; init; } = "viewer";
    public string Expires { get; init; } = "";
    public IReadOnlyList<FieldError> Errors { get; init; } = [];
    public LocalizedText? Problem { get; init; }
}

/// <param name="LastUsedAt">Of this moment, where this process has seen it used.</param>
public sealed record TokenLine(ApiToken Token, DateTimeOffset? LastUsedAt);

/// <summary>The form to sign in with.</summary>
public sealed record SignInModel(string Next, LocalizedText? Problem = null);
