using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Monitor.Gateway.Api;

namespace Monitor.Gateway.Web.Serving;

/// <summary>What a page's handler answers.</summary>
internal abstract record PageAnswer;

/// <summary>A page: a component with its parameters.</summary>
internal sealed record Shown(Type Component, IReadOnlyDictionary<string, object?> Parameters, int Status = StatusCodes.Status200OK) : PageAnswer
{
    public static Shown Of<TPage>(object? model = null, int status = StatusCodes.Status200OK)
        where TPage : IComponent =>
        new(typeof(TPage), model is null ? new Dictionary<string, object?>(0, StringComparer.Ordinal) : new Dictionary<string, object?>(StringComparer.Ordinal) { ["Model"] = model }, status);
}

/// <summary>Go and read this: what follows every form that was accepted, so that reloading repeats nothing.</summary>
/// <param name="Address">A path of our own.</param>
internal sealed record GoTo(string Address) : PageAnswer
{
    /// <summary>A path of this site, whatever a link or form has put there.</summary>
    public static GoTo Local(string? address, string otherwise = "/") => new(IsLocal(address) ? address! : otherwise);

    public static bool IsLocal(string? address) =>
        address is ['/', ..] && !(address.Length > 1 && address[1] is '/' or '\\') && address.Length <= 2048 && !address.Any(char.IsControl);
}

/// <summary>A page that says what is wrong and what to do.</summary>
internal sealed record Refused(Problem Problem) : PageAnswer;
