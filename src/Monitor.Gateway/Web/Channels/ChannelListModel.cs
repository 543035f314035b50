using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Forms;

namespace Monitor.Gateway.Web.Channels;

/// <summary>All channels, and the answer to a test if one was just sent.</summary>
/// <param name="TestedId">Whose.</param>
/// <param name="Said">A refusal instead of an answer.</param>
public sealed record ChannelListModel(IReadOnlyList<Channel> Channels, long? TestedId = null, ChannelTest? Test = null, LocalizedText? Said = null, bool IsSaved = false);

/// <summary>A channel's form with what stands in it.</summary>
public sealed record ChannelFormModel(long? ChannelId, string Name, long Revision, IReadOnlyList<FormNode> Nodes, string Once)
{
    public IReadOnlyList<FieldError> Rest { get; init; } = [];
    public LocalizedText? Problem { get; init; }

    public string Address => ChannelId is { } id ? $"/channels/{id.ToString(System.Globalization.CultureInfo.InvariantCulture)}/edit" : "/channels/new";
}
