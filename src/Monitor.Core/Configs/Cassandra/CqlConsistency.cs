namespace Monitor.Core.Configs.Cassandra;

/// <summary>How many replicas must answer; the numbers are those of the protocol.</summary>
public enum CqlConsistency
{
    Any = 0,
    One = 1,
    Two = 2,
    Three = 3,
    Quorum = 4,
    All = 5,
    LocalQuorum = 6,
    EachQuorum = 7,
    Serial = 8,
    LocalSerial = 9,
    LocalOne = 10,
}

/// <summary>Their names in CQL.</summary>
public static class ConsistencyNames
{
    private static readonly string[] ByNumber = ["ANY", "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"];

    /// <summary>Those that a read may have.</summary>
    public static IReadOnlyList<string> All { get; } = [.. ByNumber.Skip(1)];

    /// <param name="name">One of <see cref="All"/>.</param>
    public static CqlConsistency Read(string name) => (CqlConsistency)Array.IndexOf(ByNumber, name);

    /// <summary>For messages; a number that no protocol knows is shown as it is.</summary>
    public static string Of(int number) =>
        number >= 0 && number < ByNumber.Length ? ByNumber[number] : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"0x{number:x4}");
}
