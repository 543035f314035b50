using System.Globalization;
using Microsoft.AspNetCore.Http;
using Monitor.Gateway.Web.Alerts;
using Monitor.Gateway.Web.Cluster;
using Monitor.Gateway.Web.Overview;
using Monitor.Gateway.Web.Targets;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Live;

/// <summary>Which views there are to follow.</summary>
internal sealed class LiveTopics(OverviewPages overview, TargetListPages list, TargetPages targets, AlertPages alerts, ClusterPages cluster)
{
    private const int MaxRows = 500;

    /// <summary>Null for what is no view.</summary>
    public (string Key, Func<LiveTopic> Topic)? Find(IQueryCollection query, Visitor visitor)
    {
        var view = query["view"].ToString();
        Func<LiveTopic>? make = view switch
        {
            "" => () => new CountTopic(visitor),
            "overview" => () => overview.Topic(visitor),
            "targets" when Ids(query) is { } ids => () => list.Topic(visitor, ids),
            "target" when Id(query) is { } id && TargetRanges.Find(query["range"]) is { } range => () => targets.Topic(visitor, id, range),
            "alerts" => () => alerts.Topic(visitor),
            "alert" when Id(query) is { } id => () => alerts.Topic(visitor, id),
            "cluster" => () => cluster.Topic(visitor),
            _ => null,
        };
        return make is null
            ? null
            : (string.Join('\n', view, query["id"].ToString(), query["ids"].ToString(), query["range"].ToString(), visitor.Code, visitor.Zone.Id, visitor.CanEdit), make);
    }

    private static long? Id(IQueryCollection query) =>
        long.TryParse(query["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private static long[]? Ids(IQueryCollection query)
    {
        var ids = query["ids"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1)
            .ToArray();
        return ids.Length <= MaxRows && ids.All(id => id > 0) ? ids : null;
    }
}
