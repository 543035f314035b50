using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Probers.Redis;
using Xunit;

namespace Monitor.UnitTests.Probers.Redis;

public sealed class RespCodecTests
{
    [Fact]
    public void Requests_are_the_golden_bytes()
    {
        Assert.Equal("*1\r\n$4\r\nPING\r\n", Sent("PING"));
        Assert.Equal("*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$6\r\ns3cret\r\n", Sent("AUTH", "default", "s3cret"));
        Assert.Equal("*2\r\n$4\r\nAUTH\r\n$6\r\n密码\r\n", Sent("AUTH", "密码"));
        using var several = new RespRequest().Add("PING").Add("AUTH", "s3cret").Add("INFO", "server");
        Assert.Equal(["PING", "AUTH", "INFO server"], Enumerable.Range(0, several.Count).Select(several.NameOf));
    }

    [Fact]
    public void A_request_that_outgrows_its_buffer_is_whole()
    {
        var word = new string('x', 5000);
        Assert.Equal($"*2\r\n$4\r\nAUTH\r\n$5000\r\n{word}\r\n", Sent("AUTH", word));
    }

    [Fact]
    public void Replies_are_read_from_the_golden_bytes()
    {
        Assert.Equal("PONG", One("+PONG\r\n").Text);
        var refused = One("-NOAUTH Authentication required.\r\n");
        Assert.True(refused.IsErrorOf("NOAUTH"u8));
        Assert.Equal(4002, One(":4002\r\n").Number);
        Assert.Equal(RespKind.Null, One("$-1\r\n").Kind);
        Assert.Equal(RespKind.Null, One("*-1\r\n").Kind);
        Assert.Equal("a\r\nb", One("$4\r\na\r\nb\r\n").Text);
        Assert.Equal("", One("$0\r\n\r\n").Text);
        Assert.Equal(0, One("*0\r\n").Items.Length);
        var role = One("*3\r\n$6\r\nmaster\r\n:4002\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$5\r\n17011\r\n$4\r\n3868\r\n");
        Assert.Equal("master", role.Items[0].Text);
        Assert.Equal("17011", role.Items[2].Items[0].Items[1].Text);
    }

    [Theory]
    [InlineData("$2147483647\r\n", "a text of 2147483647 bytes is announced")]
    [InlineData("$9223372036854775807\r\n", "a text of 9223372036854775807 bytes is announced")]
    [InlineData("$99999999999999999999\r\n", "a length cannot be read")]
    [InlineData("*20001\r\n", "a list of 20001 items is announced")]
    [InlineData("*9223372036854775807\r\n", "a list of 9223372036854775807 items is announced")]
    [InlineData("*2\r\n*20000\r\n", "a list of 20000 items is announced")]
    [InlineData("H", "the answer is not Redis's protocol")]
    [InlineData("\n", "the answer is not Redis's protocol")]
    [InlineData("+\n", "a line does not end with CR LF")]
    [InlineData("%1\r\n+a\r\n+b\r\n", "the answer is not Redis's protocol")]
    public void What_is_beyond_the_caps_or_no_reply_is_refused_as_soon_as_it_shows(string received, string words)
    {
        var scanner = new RespScanner();
        Assert.Equal(RespStep.Broken, scanner.Next(Encoding.Latin1.GetBytes(received)));
        Assert.StartsWith(words, scanner.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_without_end_is_refused_after_16_KiB()
    {
        var scanner = new RespScanner();
        Assert.Equal(RespStep.More, scanner.Next(Encoding.ASCII.GetBytes("+" + new string('x', 16_000))));
        Assert.Equal(RespStep.Broken, scanner.Next(Encoding.ASCII.GetBytes("+" + new string('x', 17_000))));
    }

    [Fact]
    public void Lists_are_nested_as_deep_as_8()
    {
        var deepest = string.Concat(Enumerable.Repeat("*1\r\n", RespScanner.MaxDepth)) + "+x\r\n";
        Assert.Equal(RespStep.Complete, new RespScanner().Next(Encoding.ASCII.GetBytes(deepest)));
        Assert.Equal(RespStep.Broken, new RespScanner().Next(Encoding.ASCII.GetBytes("*1\r\n" + deepest)));
    }

    [Fact]
    public void However_it_is_cut_a_reply_ends_where_it_ends()
    {
        const string replies = "+PONG\r\n$5\r\nab\r\nc\r\n*2\r\n:1\r\n*2\r\n$-1\r\n-ERR no\r\n$0\r\n\r\n*0\r\n";
        var bytes = Encoding.ASCII.GetBytes(replies);
        int[] ends = [7, 18, 44, 50, 54];
        for (var step = 1; step <= bytes.Length; step++)
        {
            var scanner = new RespScanner();
            var found = new List<int>();
            for (var received = step; found.Count < ends.Length; received = Math.Min(received + step, bytes.Length))
            {
                while (scanner.Next(bytes.AsSpan(0, received)) == RespStep.Complete)
                {
                    found.Add(scanner.At);
                }
            }

            Assert.Equal(ends, found);
        }
    }

    [Fact]
    public void A_carriage_return_within_a_line_is_a_part_of_it() => Assert.Equal("a\rb", One("+a\rb\r\n").Text);

    [Fact]
    public void Random_bytes_never_throw_and_always_come_to_an_end()
    {
        var alphabet = "+-:$*0123456789\r\n\r\nPONGabc \0\xFF"u8.ToArray();
        var texts = Gen.Elements(alphabet).ArrayOf().Where(bytes => bytes.Length < 300).ToArbitrary();
        Check.QuickThrowOnFailure(Prop.ForAll(texts, Ends));
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Ends));
    }

    [Fact]
    public void Whatever_is_announced_nothing_is_reserved_for_it()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var scanner = new RespScanner();
        for (var i = 0; i < 1000; i++)
        {
            scanner.Restart();
            scanner.Next("*20000\r\n$2097152\r\n"u8);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Fact]
    public void Any_tree_of_replies_is_read_back_as_it_was_written()
    {
        var leaf = Gen.Elements("+OK\r\n", "-ERR x\r\n", ":-7\r\n", "$-1\r\n", "$3\r\na\nb\r\n", "*0\r\n", "*-1\r\n");
        var list = leaf.ListOf().Select(items => $"*{items.Count}\r\n{string.Concat(items)}");
        var tree = Gen.OneOf(leaf, list, list.ListOf().Select(items => $"*{items.Count}\r\n{string.Concat(items)}"));
        Check.QuickThrowOnFailure(Prop.ForAll(tree.ToArbitrary(), text =>
        {
            var bytes = Encoding.ASCII.GetBytes(text);
            var scanner = new RespScanner();
            var at = 0;
            var step = scanner.Next(bytes);
            _ = RespValue.Read(bytes, ref at);
            return step == RespStep.Complete && scanner.At == bytes.Length && at == bytes.Length;
        }));
    }

    private static bool Ends(byte[] bytes)
    {
        var scanner = new RespScanner();
        var at = 0;
        while (scanner.Next(bytes) == RespStep.Complete)
        {
            _ = RespValue.Read(bytes, ref at);
            if (at != scanner.At)
            {
                return false;
            }
        }

        return scanner.At <= bytes.Length;
    }

    private static RespValue One(string reply)
    {
        var bytes = Encoding.UTF8.GetBytes(reply);
        var scanner = new RespScanner();
        Assert.Equal(RespStep.Complete, scanner.Next(bytes));
        var at = 0;
        var value = RespValue.Read(bytes, ref at);
        Assert.Equal(bytes.Length, at);
        return value;
    }

    private static string Sent(params string[] words)
    {
        using var request = new RespRequest().Add(words);
        return Encoding.UTF8.GetString(request.Bytes.Span);
    }
}
