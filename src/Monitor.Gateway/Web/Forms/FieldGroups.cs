using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Text;

namespace Monitor.Gateway.Web.Forms;

/// <summary>Brings the fields of any config into an order that people follow: what must be, who asks, what is expected, what is too much, TLS, the rest.</summary>
public static class FieldGroups
{
    public static IReadOnlyList<FieldGroup> Of(IReadOnlyList<FormNode> nodes) =>
    [
        .. nodes.GroupBy(node => Place(node.Field, nodes)).OrderBy(group => group.Key)
            .Select(group => new FieldGroup(Name(group.Key), [.. group], IsOpen: group.Key is 0 or 1 || group.Any(node => node.IsWrong || node.IsFilled))),
    ];

    private static int Place(Field field, IReadOnlyList<FormNode> nodes)
    {
        var name = field.Name;
        if (field.Required || IsAddress(name) || (name == "port" && nodes.Any(node => node.Field.Name == "host")))
        {
            return 0;
        }

        if (field.Secret || Has(name, "username") || Has(name, "sasl") || name is "database" or "master_name")
        {
            return 1;
        }

        if (name is "tls" or "ssl_mode")
        {
            return 4;
        }

        if (name.StartsWith("expect", StringComparison.Ordinal) || name is "query" or "min_answers")
        {
            return 2;
        }

        return Limits.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) || name.EndsWith("_threshold", StringComparison.Ordinal) ? 3 : 5;
    }

    private static readonly string[] Limits = ["max_", "min_", "warn_", "stalled_", "slow_"];

    private static bool IsAddress(string name) => name is "host" or "nodes" or "url" or "bootstrap_servers" or "contact_points" or "consumer_group" or "topics";

    private static bool Has(string name, string part) => name.Contains(part, StringComparison.Ordinal);

    private static LocalizedText Name(int place) => place switch
    {
        0 => FormWords.GroupPlace,
        1 => FormWords.GroupLogin,
        2 => FormWords.GroupExpect,
        3 => FormWords.GroupLimits,
        4 => FormWords.GroupTls,
        _ => FormWords.GroupMore,
    };
}

/// <param name="IsOpen">Shown without asking.</param>
public sealed record FieldGroup(LocalizedText Name, IReadOnlyList<FormNode> Nodes, bool IsOpen);
