namespace Monitor.Grains.Notifying;

/// <summary>What became of one POST.</summary>
/// <param name="Said">For people: <c>93000 invalid webhook url</c>. One line, without secrets.</param>
internal sealed record PostVerdict(PostOutcome Outcome, string Said, int? HttpStatus = null, int? ErrCode = null, string? ErrMsg = null, string? Answer = null)
{
    /// <summary>The name in <c>monitor_posts_total</c>.</summary>
    public string Metric => Outcome switch
    {
        PostOutcome.Ok => "ok",
        PostOutcome.Unknown => "unknown",
        PostOutcome.Busy or PostOutcome.Throttled => "retry",
        _ => "refused",
    };
}

internal enum PostOutcome
{
    Ok,

    /// <summary>It did not get through, or the other side is busy: tried again for as long as it takes.</summary>
    Busy,

    /// <summary>The whole message was written, but no answer came: it may have arrived.</summary>
    Unknown,

    /// <summary>The robot's own limit: nothing goes to it for a minute.</summary>
    Throttled,

    /// <summary>Shorter, and once more.</summary>
    TooLong,

    /// <summary>For good, after one more try.</summary>
    Refused,

    /// <summary>No answer of a robot at all (a login page, a redirect): a few tries, then for good.</summary>
    Odd,
}
