using Monitor.Core.Configs;
using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Monitor.Probers.Redis;
using Monitor.Probers.Wire;
using Xunit;

namespace Monitor.UnitTests.Probers.Redis;

/// <summary>Clusters as three masters a, b, c (slots in thirds) and replicas x, y, z would tell of themselves.</summary>
public sealed class ClusterJudgeTests
{
    private const string Whole = """
        a master 0-5460
        b master 5461-10922
        c master 10923-16383
        x slave/a
        y slave/b
        z slave/c
        """;

    [Fact]
    public void A_whole_cluster_is_clean()
    {
        var verdict = Judge([.. "abcxyz".Select(name => Node(name, Whole))]);
        Assert.Empty(verdict.Failures);
        Assert.Empty(verdict.Warnings);
        Assert.Empty(verdict.Notes);
    }

    [Fact]
    public void Uncovered_slots_fail_even_where_the_cluster_calls_itself_ok()
    {
        var view = Whole.Replace("a master 0-5460", "a master,fail 0-5460", StringComparison.Ordinal);
        var verdict = Judge([.. "bcxyz".Select(name => Node(name, view))]);
        Assert.StartsWith("slots not covered: 0-5460 (master h-a:1 failed); down: h-a:1 (failed in the eyes of the cluster)", Failure(verdict), StringComparison.Ordinal);
    }

    [Fact]
    public void Slots_of_no_node_are_told_apart_from_lost_ones()
    {
        var verdict = Judge([Node('a', Whole.Replace("0-5460", "0-5458 5460", StringComparison.Ordinal), ok: false)]);
        Assert.Equal("cluster_state is fail; slots not covered: 5459 (no node has them)", Failure(verdict));
        Assert.Equal(1, Metric(verdict, "slots_fail"));
        Assert.Equal(16383, Metric(verdict, "slots_ok"));
    }

    [Fact]
    public void A_suspected_master_is_a_warning_and_its_slots_are_neither_ok_nor_lost()
    {
        var doubt = Whole.Replace("c master", "c master,fail?", StringComparison.Ordinal);
        var verdict = Judge([Node('a', doubt), Node('b', doubt), Node('c', Whole), Node('x', Whole), Node('y', Whole), Node('z', Whole)]);
        Assert.Empty(verdict.Failures);
        Assert.Equal(["h-c:1 is suspected down (fail?) by h-a:1, h-b:1"], verdict.Warnings);
    }

    [Fact]
    public void A_minority_that_was_cut_off_does_not_fail_the_cluster()
    {
        var cutOff = Whole.Replace("b master", "b master,fail?", StringComparison.Ordinal).Replace("c master", "c master,fail?", StringComparison.Ordinal);
        var verdict = Judge([Node('a', cutOff, ok: false), Node('b', Whole), Node('c', Whole), Node('x', Whole), Node('y', Whole), Node('z', Whole)]);
        Assert.Empty(verdict.Failures);
        Assert.Contains("h-a:1 sees cluster_state fail, the others ok", verdict.Warnings);
    }

    [Fact]
    public void A_majority_that_sees_failure_is_believed()
    {
        var alone = Whole.Replace("a master", "a master,fail?", StringComparison.Ordinal).Replace("b master", "b master,fail?", StringComparison.Ordinal);
        var verdict = Judge([Silent('a'), Silent('b'), Node('c', alone, ok: false), Node('x', Whole, ok: false), Node('y', Whole, ok: false), Node('z', Whole, ok: false)]);
        Assert.StartsWith("cluster_state is fail; no majority: 1 of 3 masters are up; down: h-a:1 (connect: refused), h-b:1 (connect: refused)", Failure(verdict), StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_that_was_reset_does_not_speak_for_the_others()
    {
        var verdict = Judge([Node('q', "q master", ok: false), .. "abcxyz".Select(name => Node(name, Whole))]);
        Assert.Empty(verdict.Failures);
        Assert.Equal(["h-q:1 is no member of the cluster in the eyes of the others; it knows 1 nodes itself"], verdict.Warnings);
    }

    [Fact]
    public void Never_reached_is_a_note_and_reached_before_is_down()
    {
        var asked = "abcxy".Select(name => Node(name, Whole, contact: false)).Append(Silent('z', contact: false)).ToArray();
        var never = Judge(asked);
        Assert.Empty(never.Warnings);
        Assert.StartsWith("1 of 6 nodes were never reached from here", Assert.Single(never.Notes), StringComparison.Ordinal);
        Assert.Equal(6, Metric(never, "nodes_up"));

        var before = ReachedNodes.Read("1\n"u8);
        var learnt = before.With(["z", "gone"], new HashSet<string>(StringComparer.Ordinal) { "z", "gone" })!.Value;
        var later = Judge(asked, memory: learnt);
        Assert.Equal(["replica h-z:1 of h-c:1 is down: connect: refused"], later.Warnings);
        Assert.Equal(5, Metric(later, "nodes_up"));

        // What was reached is remembered, who has left is not.
        Assert.Equal("1\na\nb\nc\nx\ny\nz", System.Text.Encoding.UTF8.GetString(later.Memory!.Value.Span));
        Assert.Null(Judge(asked, memory: later.Memory.Value).Memory);
    }

    [Fact]
    public void A_node_that_is_loading_is_down_and_the_cluster_is_not()
    {
        var verdict = Judge([.. "abcxy".Select(name => Node(name, Whole)), Node('z', "") with { Answer = new NodeAnswer { NotReady = "LOADING Redis", Cluster = ClusterView.Empty } }]);
        Assert.Empty(verdict.Failures);
        Assert.Equal(["replica h-z:1 of h-c:1 is down: PING was answered with LOADING Redis"], verdict.Warnings);
    }

    [Fact]
    public void Our_own_trouble_is_a_note()
    {
        var verdict = Judge([.. "abcxy".Select(name => Node(name, Whole)), Silent('z') with { Fault = WireFault.Own("no free socket") }]);
        Assert.Empty(verdict.Warnings);
        Assert.Equal(["h-z:1 could not be asked: no free socket"], verdict.Notes);
    }

    [Fact]
    public void Handshakes_and_nodes_without_an_address_are_named()
    {
        var verdict = Judge([.. "abcxyz".Select(name => Node(name, name == 'a' ? Whole + "\nn handshake\nm master,noaddr" : Whole))]);
        Assert.Contains("h-n:1 is in handshake with h-a:1", verdict.Warnings);
        Assert.Contains(verdict.Warnings, warning => warning.Contains("its address is not known to the cluster (noaddr)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2\nabc")]
    [InlineData("1\nnot hex!\n\xFF")]
    [InlineData("{\"a\":1}")]
    public void Foreign_memory_reads_as_empty(string memory)
    {
        var read = ReachedNodes.Read(System.Text.Encoding.Latin1.GetBytes(memory));
        Assert.False(read.Contains("abc"));
        Assert.Null(read.With([], new HashSet<string>(StringComparer.Ordinal)));
    }

    private static Verdict Judge(AskedNode[] asked, RedisConfig? config = null, ReadOnlyMemory<byte> memory = default)
    {
        var read = config ?? new RedisConfig { Nodes = [.. asked.Select(node => node.Address)] };
        return new ClusterJudge(read, new ClusterCensus(asked), ReachedNodes.Read(memory.Span)).Judge(asked.First(node => node.Answer is not null));
    }

    private static string Failure(Verdict verdict)
    {
        var failure = Assert.Single(verdict.Failures);
        Assert.Equal(FailureStage.Assertion, failure.Stage);
        return failure.Message;
    }

    private static double? Metric(Verdict verdict, string name) => verdict.Metrics.Single(metric => metric.Name == name).Value.Number;

    private static AskedNode Silent(char name, bool contact = true) => new(Place(name), contact, null, new WireFault(FailureStage.Connect, "refused"), []);

    /// <summary>A node that answers, with its view as lines of <c>name flags slots</c>.</summary>
    private static AskedNode Node(char name, string view, bool ok = true, bool contact = true)
    {
        var lines = view.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Line(line.Trim().Split(' '), name));
        var cluster = ClusterView.Empty.WithInfo($"cluster_state:{(ok ? "ok" : "fail")}\r\ncluster_current_epoch:3\r\n").WithNodes(string.Join('\n', lines));
        return new AskedNode(Place(name), contact, new NodeAnswer { Cluster = cluster }, null, []);
    }

    private static string Line(string[] fields, char myself)
    {
        var (flags, master) = fields[1].Split('/') is [var replica, var of] ? (replica, of) : (fields[1], "-");
        var own = fields[0][0] == myself ? "myself," : "";
        return $"{fields[0]} h-{fields[0]}:1@2 {own}{flags} {master} 0 0 1 connected {string.Join(' ', fields[2..])}";
    }

    private static NodeAddress Place(char name) => new($"h-{name}", 1);
}
