using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Monitor.Gateway.Web.Components;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Serving;

/// <summary>Renders components on the server: whole pages, and fragments for those that stay on one.</summary>
internal sealed class PageWriter(IServiceProvider services, ILoggerFactory logs)
{
    private const int WorthPacking = 1_024;

    /// <summary>Rendered whole before the first byte goes out: what fails becomes an error page, not half a page.</summary>
    public async Task WriteAsync(HttpContext context, Visitor visitor, Shown page)
    {
        var html = await RenderAsync<Document>(new Dictionary<string, object?>(StringComparer.Ordinal) { ["Visitor"] = visitor, ["Page"] = page.Component, ["Parameters"] = page.Parameters });
        var body = Encoding.UTF8.GetBytes(html);
        var response = context.Response;
        SecurityHeaders.Write(response);
        response.StatusCode = page.Status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentLanguage = visitor.Code == "zh" ? "zh-CN" : "en";
        if (body.Length > WorthPacking && context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "br";
            body = Packed(body);
        }

        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>One component, without a page around it.</summary>
    public Task<string> FragmentAsync<TFragment>(Visitor visitor, object model)
        where TFragment : IComponent =>
        RenderAsync<Fragment>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["Visitor"] = visitor,
            ["Component"] = typeof(TFragment),
            ["Parameters"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Model"] = model },
        });

    private async Task<string> RenderAsync<TRoot>(Dictionary<string, object?> parameters)
        where TRoot : IComponent
    {
        await using var renderer = new HtmlRenderer(services, logs);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<TRoot>(ParameterView.FromDictionary(parameters));
            return root.ToHtmlString();
        });
    }

    private static byte[] Packed(byte[] body)
    {
        using var packed = new MemoryStream(body.Length / 4);
        using (var brotli = new BrotliStream(packed, new BrotliCompressionOptions { Quality = 3 }, leaveOpen: true))
        {
            brotli.Write(body);
        }

        return packed.ToArray();
    }
}
