using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

internal static class ClusterWords
{
    public static readonly LocalizedText AllWell = new("All is well with the monitor itself.", "监控系统自身一切正常。");
    public static readonly LocalizedText Silos = new("Silos", "节点");
    public static readonly LocalizedText Shards = new("Shards", "分片");
    public static readonly LocalizedText Unowned = new("Shards without a silo", "无主分片");
    public static readonly LocalizedText ProbesPerSecond = new("Probes a second", "每秒探测");
    public static readonly LocalizedText NotProbed = new("Targets behind", "探测滞后目标");
    public static readonly LocalizedText NotProbedTitle = new("Not probed for two intervals", "超过两个周期未探测");
    public static readonly LocalizedText ThisOne = new("made this page", "当前页面来自此节点");
    public static readonly LocalizedText Zone = new("Zone", "区域");
    public static readonly LocalizedText Address = new("Address", "地址");
    public static readonly LocalizedText Started = new("Started", "启动");
    public static readonly LocalizedText Heartbeat = new("Last sign of life", "最近心跳");
    public static readonly LocalizedText Lag = new("Checks begin late by (p99)", "检测开始延迟（p99）");
    public static readonly LocalizedText ShardsOf = new("{0} of {1} shards", "{1} 个分片中的 {0} 个");
}
