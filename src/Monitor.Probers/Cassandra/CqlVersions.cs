using System.Globalization;
using System.Text.RegularExpressions;

namespace Monitor.Probers.Cassandra;

/// <summary>Which version of the protocol to go on with after a server refused one; 3, 4 and 5 are spoken.</summary>
internal static partial class CqlVersions
{
    public const int Lowest = 3;
    public const int Highest = 5;

    /// <summary>What every server since Cassandra 2.2 takes, unless it is told not to.</summary>
    public const int First = 4;

    /// <summary>
    /// The newest that the refusal names and that has not been tried: <c>supported versions are (3/v3, 4/v4, 6/v6-beta)</c>,
    /// <c>Rejecting Protocol Version 4/v4 &lt; 5/v5.</c>, <c>the lowest supported version is 1 and the greatest is 3</c>; else the version that the refusal itself was
    /// sent in. Null: there is none.
    /// </summary>
    /// <param name="tried">Bit n stands for version n.</param>
    public static int? Other(string refusal, int answeredIn, int tried)
    {
        var best = 0;
        foreach (Match named in Named().Matches(refusal))
        {
            best = Better(best, int.Parse(named.Groups["version"].Value, CultureInfo.InvariantCulture), tried);
        }

        best = best == 0 ? Better(0, answeredIn, tried) : best;
        return best == 0 ? null : best;
    }

    private static int Better(int best, int version, int tried) =>
        version is >= Lowest and <= Highest && version > best && (tried & (1 << version)) == 0 ? version : best;

    [GeneratedRegex(@"(?<version>\d)/v\d(?!-beta|\d)|(?:greatest|lowest supported version) is (?<version>\d)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}
