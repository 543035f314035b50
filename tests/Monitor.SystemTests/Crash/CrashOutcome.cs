using Monitor.SystemTests.Harness;

namespace Monitor.SystemTests.Crash;

/// <summary>What was seen from outside after an outage during which silos died at one step of the firing's way, of the recovery's, or of both.</summary>
/// <param name="RepeatedFirings">How many deliveries of the firing the silos say they sent again.</param>
/// <param name="RepeatedRecoveries">The same of the recovery.</param>
internal sealed record CrashOutcome(
    CrashStep Step, bool OnFiring, bool OnRecovery, IReadOnlyList<Notice> Notices, int Alerts, int ResolvedAlerts, double RepeatedFirings, double RepeatedRecoveries)
{
    public int Firings => Notices.Count(notice => !notice.Resolved);

    public int Recoveries => Notices.Count(notice => notice.Resolved);

    /// <summary>Empty when all is as promised.</summary>
    public IEnumerable<string> Broken()
    {
        if (Alerts != 1 || ResolvedAlerts != 1)
        {
            yield return $"{Alerts} alert records, {ResolvedAlerts} of them resolved";
        }

        if (Notices.Any(notice => notice.Episode != 1))
        {
            yield return "references " + string.Join(' ', Notices.Select(notice => notice.Reference));
        }

        if (Firings == 0 || Recoveries == 0)
        {
            yield return $"{Firings} firing and {Recoveries} recovery notices";
        }

        if (Notices.SkipWhile(notice => !notice.Resolved).Any(notice => !notice.Resolved) || Notices.Count == 0 || Notices[0].Resolved)
        {
            yield return "a recovery before its firing: " + string.Join(' ', Notices.Select(notice => notice.Resolved ? "R" : "F"));
        }

        if (Firings > Most(OnFiring) || Recoveries > Most(OnRecovery))
        {
            yield return $"{Firings} copies of the firing, {Recoveries} of the recovery";
        }

        if ((Firings > 1 && RepeatedFirings < 1) || (Recoveries > 1 && RepeatedRecoveries < 1))
        {
            yield return "a second copy that /metrics does not count";
        }
    }

    private int Most(bool died) => died && Step.MayRepeat ? 2 : 1;
}
