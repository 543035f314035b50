namespace Monitor.Gateway.Web.Forms;

/// <summary>How a field is drawn.</summary>
public enum FieldKind
{
    Text,
    Lines,
    Number,
    Choice,
    Check,

    /// <summary>A password field: what is stored or was typed is never shown again.</summary>
    Secret,

    /// <summary>A list of texts, one a line.</summary>
    List,

    /// <summary>Rows of a name and a text.</summary>
    Map,

    /// <summary>A nested object.</summary>
    Object,

    /// <summary>Whatever else: as JSON.</summary>
    Json,
}
