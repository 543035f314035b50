using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Monitor.Gateway.Web.Serving;

/// <summary>Styles, script and icon out of the assembly, at addresses that carry their hash: a browser keeps them for ever, and never an old one.</summary>
internal sealed class AssetFiles : IAssetAddresses
{
    private const string Prefix = "assets/";

    private readonly FrozenDictionary<string, Asset> _byAddress;
    private readonly FrozenDictionary<string, string> _addresses;

    public AssetFiles()
    {
        var assembly = typeof(AssetFiles).Assembly;
        var assets = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                return Asset.Read(name[Prefix.Length..], stream);
            })
            .ToArray();
        _byAddress = assets.ToFrozenDictionary(asset => asset.Address, StringComparer.Ordinal);
        _addresses = assets.ToFrozenDictionary(asset => asset.Name, asset => asset.Address, StringComparer.Ordinal);
    }

    /// <summary>Where the file with this name is: <c>/assets/monitor.1a2b3c4d.css</c>.</summary>
    public string Address(string name) => _addresses[name];

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/assets/{name}", [HttpMethods.Get, HttpMethods.Head], SendAsync);

    private async Task SendAsync(HttpContext context)
    {
        if (!_byAddress.TryGetValue(context.Request.Path.Value ?? "", out var asset))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var headers = context.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.XContentTypeOptions = "nosniff";
        headers.Vary = HeaderNames.AcceptEncoding;
        var body = asset.Plain;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            headers.ContentEncoding = "br";
            body = asset.Packed;
        }

        context.Response.ContentType = asset.ContentType;
        context.Response.ContentLength = body.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private sealed record Asset(string Name, string Address, string ContentType, byte[] Plain, byte[] Packed)
    {
        public static Asset Read(string name, Stream stream)
        {
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            var plain = memory.ToArray();
            var hash = Convert.ToHexStringLower(SHA256.HashData(plain))[..16];
            using var packed = new MemoryStream();
            using (var brotli = new BrotliStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            {
                brotli.Write(plain);
            }

            var extension = Path.GetExtension(name);
            var type = extension switch
            {
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                _ => "image/svg+xml",
            };
            return new Asset(name, $"/assets/{Path.GetFileNameWithoutExtension(name)}.{hash}{extension}", type, plain, packed.ToArray());
        }
    }
}
