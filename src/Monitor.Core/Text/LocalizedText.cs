namespace Monitor.Core.Text;

/// <summary>One text in both languages. Everything a person reads goes through it, so that none can be forgotten.</summary>
public readonly record struct LocalizedText(string English, string Chinese)
{
    public string In(Language language) => language == Language.Chinese ? Chinese : English;

    public override string ToString() => English;
}

/// <summary>The languages that people read.</summary>
public enum Language
{
    Chinese,
    English,
}
