using System.Diagnostics.CodeAnalysis;

namespace Monitor.Gateway.Api;

/// <summary>What was read of a request, or the problem that is answered instead.</summary>
internal readonly record struct Reading<T>(T? Value, Problem? Refusal)
    where T : class
{
    public static implicit operator Reading<T>(T value) => new(value, null);
    public static implicit operator Reading<T>(Problem refusal) => new(null, refusal);

    public bool Refused([NotNullWhen(true)] out Problem? refusal, [NotNullWhen(false)] out T? value)
    {
        (refusal, value) = (Refusal, Value);
        return refusal is not null;
    }
}
