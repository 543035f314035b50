using System.Text;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// What to answer to the authenticator that a server names. PLAIN is what nearly all take (also ScyllaDB's, LDAP's and those of hosted services); DSE wants
/// the mechanism's name first. One that is unknown is tried with PLAIN, and named when it refuses.
/// </summary>
internal sealed class CqlLogin(string authenticator, CassandraConfig config)
{
    private bool _hasAnswered;

    private string Name => WireText.Snippet(authenticator, []).Trim('"');

    private bool IsDse => authenticator.EndsWith(".DseAuthenticator", StringComparison.Ordinal);

    private bool IsKnown => IsDse || authenticator.Contains("Password", StringComparison.Ordinal) || authenticator.EndsWith("TransitionalAuthenticator", StringComparison.Ordinal)
        || authenticator.EndsWith("SaslauthdAuthenticator", StringComparison.Ordinal);

    /// <summary>Why there is nothing to answer. A client certificate may be all the login that a server wants.</summary>
    public WireFault? Impossible() => config.Username is null && !authenticator.Contains("MutualTls", StringComparison.Ordinal)
        ? new WireFault(FailureStage.Authentication, $"the server asks for a login ({Name}), and no username is set")
        : null;

    public byte[] First() => IsDse ? [.. "PLAIN"u8] : Plain();

    /// <summary>The answer to a challenge; null: it asks for what PLAIN does not have.</summary>
    public byte[]? Next(ReadOnlySpan<byte> challenge)
    {
        var body = new CqlBody(challenge);
        var (start, length) = body.Bytes();
        if (!IsDse || _hasAnswered || length < 0 || !challenge.Slice(start, length).SequenceEqual("PLAIN-START"u8))
        {
            return null;
        }

        _hasAnswered = true;
        return Plain();
    }

    public WireFault Unknown() =>
        new(FailureStage.Authentication, $"the server's authenticator {Name} asks for more than user and password (SASL PLAIN), which is not supported");

    public WireFault Refused(CqlError error, IReadOnlyList<string> secrets)
    {
        if (error.Code is CqlError.Overloaded or CqlError.Bootstrapping)
        {
            return error.ToFault("the login", secrets);
        }

        var who = config.Username is null ? "login without a user" : $"login as {config.Username}{(string.IsNullOrEmpty(config.Password) ? " without a password" : "")}";
        return new WireFault(
            FailureStage.Authentication,
            $"{who} refused{(IsKnown ? "" : $" by the authenticator {Name}, of which it is not known whether it takes user and password (SASL PLAIN)")}: {WireText.Snippet(error.Text, secrets)}");
    }

    private byte[] Plain()
    {
        var (user, password) = (Encoding.UTF8.GetBytes(config.Username ?? ""), Encoding.UTF8.GetBytes(config.Password ?? ""));
        return [0, .. user, 0, .. password];
    }
}
