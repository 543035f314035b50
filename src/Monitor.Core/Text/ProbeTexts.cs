namespace Monitor.Core.Text;

/// <summary>What is said of a target that has no result to show.</summary>
public static class ProbeTexts
{
    public static readonly LocalizedText Waiting = new("waiting for the first probe", "等待首次探测");

    public static readonly LocalizedText Disabled = new("monitoring is disabled", "监控已禁用");
}
