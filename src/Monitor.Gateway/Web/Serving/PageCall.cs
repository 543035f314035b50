using System.Globalization;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Serving;

/// <summary>One request for a page as its handler sees it.</summary>
internal sealed class PageCall(HttpContext context, Visitor visitor, Caller? caller, IFormCollection form)
{
    public HttpContext Context => context;

    public Visitor Visitor => visitor;

    public IFormCollection Form => form;

    public QueryReader Query { get; } = new(context.Request.Query);

    public bool IsPost => HttpMethods.IsPost(context.Request.Method);

    /// <summary>Cancelled when the visitor goes. Edits do not follow it.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    public Caller Caller => caller ?? throw new InvalidOperationException("nobody is signed in");

    /// <summary>The id in the address.</summary>
    public long Id => long.Parse((string)context.Request.RouteValues["id"]!, NumberStyles.None, CultureInfo.InvariantCulture);

    public Edit Edit(DateTimeOffset now) => new(Caller.Name, now);

    /// <summary>An edit that makes something: the same form posted twice makes it once.</summary>
    public Edit EditOnce(DateTimeOffset now) =>
        form["_once"].ToString() is { Length: > 0 and <= 64 } once ? new Edit(Caller.Name, now, new IdempotencyClaim(Caller.TokenId, "page " + once, "page")) : Edit(now);

    public string Text(string name) => form[name].ToString();
}
