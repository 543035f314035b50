namespace Monitor.Core.Text;

/// <summary>A name as it is searched and sorted: any case is the same, in every script that has cases.</summary>
public static class NameFolding
{
    /// <summary>Up first, then down: so that letters with two small forms (Greek sigma) meet.</summary>
    public static string Fold(string name) => name.ToUpperInvariant().ToLowerInvariant();
}
