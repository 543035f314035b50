using Monitor.Core.Ports;
using Monitor.Gateway.OpenApi;

namespace Monitor.Gateway.Api.Channels;

/// <summary>The operations on channels, as clients see them.</summary>
internal static class ChannelOperations
{
    private const string Root = "/api/v1/channels";
    private const string One = Root + "/{id}";
    private const string Tag = "channels";

    private static readonly IReadOnlyList<KeyValuePair<string, string>> Bodies = Examples.Bodies(("robot", Examples.ChannelBody));

    public static readonly ApiOperation List = new("GET", Root, "listChannels", Role.Viewer, "Channels by id")
    {
        Tag = Tag,
        Answer = "ChannelPage",
        AnswerExample = Examples.Page(Examples.Channel),
        Query = [QueryField.Limit, QueryField.Cursor],
    };

    public static readonly ApiOperation Create = new("POST", Root, "createChannel", Role.Editor, "Make a channel")
    {
        Tag = Tag,
        Body = ChannelFields.Schema,
        BodyExamples = Bodies,
        Status = 201,
        Answer = "Channel",
        AnswerExample = Examples.Channel,
        Problems = [410, 413, 415, 422],
        TakesIdempotencyKey = true,
    };

    public static readonly ApiOperation Read = new("GET", One, "readChannel", Role.Viewer, "One channel")
    {
        Tag = Tag,
        Answer = "Channel",
        AnswerExample = Examples.Channel,
        Problems = [404],
    };

    public static readonly ApiOperation Replace = new("PUT", One, "replaceChannel", Role.Editor, "Replace the settings; a URL sent as shown keeps its key")
    {
        Tag = Tag,
        Body = ChannelFields.Schema,
        BodyExamples = Bodies,
        Answer = "Channel",
        AnswerExample = Examples.Channel,
        Problems = [404, 412, 413, 415, 422],
        TakesIfMatch = true,
    };

    public static readonly ApiOperation Patch = new("PATCH", One, "changeChannel", Role.Editor, "Change some settings: a merge patch (RFC 7396)")
    {
        Tag = Tag,
        Body = ChannelFields.Schema,
        IsPatch = true,
        BodyExamples = Examples.Bodies(("quiet", """{"enabled":false,"settings":{"language":"en"}}""")),
        Answer = "Channel",
        AnswerExample = Examples.Channel,
        Problems = [404, 412, 413, 415, 422],
        TakesIfMatch = true,
    };

    public static readonly ApiOperation Delete = new("DELETE", One, "deleteChannel", Role.Editor, "Delete it, unless targets use it: then 409 lists them in target_ids")
    {
        Tag = Tag,
        Status = 204,
        Problems = [404, 409, 412],
        TakesIfMatch = true,
    };

    public static readonly ApiOperation Test = new("POST", One + "/test", "testChannel", Role.Editor, "Send one test message and tell what the other side said")
    {
        Tag = Tag,
        Answer = "ChannelTest",
        AnswerExample = Examples.ChannelTest,
        Problems = [404, 429],
    };
}
