using Microsoft.AspNetCore.Components;
using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Viewing;

/// <summary>What every component has: its visitor, and texts in the visitor's language. Components show what they are given; they ask nobody.</summary>
public abstract class View : ComponentBase
{
    [CascadingParameter]
    public Visitor Visitor { get; set; } = null!;

    protected string T(LocalizedText text) => Visitor.T(text);

    protected string T(LocalizedText text, params ReadOnlySpan<object?> values) => Visitor.T(text, values);
}
