using System.Globalization;

namespace Monitor.Core.Text;

/// <summary>What a run's message says where the prober does not word it: successes, and what this monitor did wrong.</summary>
public static class ProbeTexts
{
    /// <summary>Not probed yet.</summary>
    public static readonly LocalizedText Waiting = new("waiting for the first probe", "等待首次探测");

    public static readonly LocalizedText Disabled = new("monitoring is disabled", "监控已禁用");

    /// <summary>The process stood still during the run.</summary>
    public static readonly LocalizedText Stalled = new(
        "this monitor stood still during the probe: says nothing about the target",
        "探测期间监控进程停顿，本次结果不代表目标状态");

    public static readonly LocalizedText StillHanging = new(
        "not probed: earlier probes of this target were cut off and still hang",
        "未探测：该目标此前被中断的探测仍未结束");

    public static string Up(LocalizedText prober, Language language) =>
        language == Language.Chinese ? $"{prober.Chinese} 运行正常" : $"{prober.English} is up";

    public static string Warnings(IReadOnlyList<string> warnings, Language language) =>
        language == Language.Chinese ? "存在告警: " + string.Join("；", warnings) : "Warnings: " + string.Join("; ", warnings);

    public static LocalizedText NoSlot(string type, int limit) => new(
        string.Create(CultureInfo.InvariantCulture, $"no free slot: {limit} probes of type {type} are under way"),
        string.Create(CultureInfo.InvariantCulture, $"没有空闲探测槽位：{type} 类型已有 {limit} 个探测在进行"));

    /// <param name="error">The exception's type only: its message may hold what nobody may read.</param>
    public static LocalizedText Defect(string type, string error) => new(
        $"not probed: a defect in the prober {type} ({error}); the log has more",
        $"未探测：探测器 {type} 内部错误（{error}），详见日志");

    public static LocalizedText UnknownType(string type) => new(
        $"not probed: this version has no prober {type}",
        $"未探测：此版本没有探测器 {type}");

    public static LocalizedText Unreadable(string problems) => new(
        $"not probed: the stored config cannot be read: {problems}",
        $"未探测：无法读取已保存的配置：{problems}");
}
