using System.Net;
using System.Net.Http.Headers;

namespace Monitor.Grains.Notifying.WeCom;

/// <summary>A JSON body that knows whether it left: what failed before that has surely not arrived.</summary>
internal sealed class PostContent : HttpContent
{
    private readonly byte[] _body;
    private readonly Action _sent;

    public PostContent(byte[] body, Action sent)
    {
        _body = body;
        _sent = sent;
        Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
    }

    /// <summary>From before the first byte: a failure in the middle of writing leaves it open what the other side has.</summary>
    public bool Written { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Written = true;
        await stream.WriteAsync(_body, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        _sent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
