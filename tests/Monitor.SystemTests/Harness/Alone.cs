using Xunit;

[assembly: CollectionBehavior(MaxParallelThreads = 4)]

namespace Monitor.SystemTests.Harness;

/// <summary>Tests that look at how punctual a silo is, or load it: they run one by one, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
