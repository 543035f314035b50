namespace Monitor.Core.Alerts;

/// <summary>One of the last sends to a robot: its slot is free again 60 s after <see cref="EndedAt"/>, whoever owns the robot then.</summary>
/// <param name="Robot">The HMAC of the webhook URL, hex: names the robot without telling its key.</param>
/// <param name="MessageId">The POST; a mention that follows a markdown message is a POST of its own.</param>
/// <param name="EndedAt">Null while its outcome is unknown: then its deadline (5 s after the start) counts.</param>
public sealed record SendSlot(string Robot, string MessageId, DateTimeOffset StartedAt, DateTimeOffset? EndedAt);
