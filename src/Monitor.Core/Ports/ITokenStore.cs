namespace Monitor.Core.Ports;

public interface ITokenStore
{
    Task<Page<ApiToken>> ListTokensAsync(int limit, PageKey? after, CancellationToken cancellationToken);

    /// <summary>All of them: checked in memory, so that reads need no store.</summary>
    Task<IReadOnlyList<ApiToken>> LoadTokensAsync(CancellationToken cancellationToken);

    Task<ApiToken?> FindTokenAsync(long id, CancellationToken cancellationToken);

    Task<EditOutcome<ApiToken>> CreateTokenAsync(string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit, CancellationToken cancellationToken);

    /// <summary>False when there is none.</summary>
    Task<bool> DeleteTokenAsync(long id, CancellationToken cancellationToken);

    Task TouchTokensAsync(IReadOnlyDictionary<long, DateTimeOffset> lastUsed, CancellationToken cancellationToken);
}

public enum Role
{
    Viewer,
    Editor,
    Admin,
}

/// <summary>An API token without the token: only its hash is kept.</summary>
/// <param name="Hash">SHA-256 of the token, hex.</param>
public sealed record ApiToken(
    long Id, string Name, Role Role, string Hash, DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);
