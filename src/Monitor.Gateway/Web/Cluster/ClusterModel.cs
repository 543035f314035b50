using Monitor.Core.Text;
using Monitor.Gateway.Api.Service;

namespace Monitor.Gateway.Web.Cluster;

/// <summary>The living silos and what each is doing; why the monitor is not at its best; targets that it is behind with.</summary>
public sealed record ClusterModel(ClusterState State, IReadOnlyList<LocalizedText> Reasons, IReadOnlyList<(long Id, string Name)> Unprobed);
