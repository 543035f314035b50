using FsCheck;
using FsCheck.Fluent;

namespace Monitor.UnitTests;

/// <summary>
/// Seeds of random histories, from the whole range. FsCheck's own numbers end at 100, and <see cref="System.Random"/> takes no notice of the sign: with them the same hundred histories were played
/// again and again, and those that fail stayed unseen.
/// </summary>
internal static class Seeds
{
    public static Arbitrary<int> Any { get; } = Gen.Choose(0, int.MaxValue).ToArbitrary();
}
