using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Probing;
using Monitor.Probers.Http;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers;

/// <summary>Answers as byte transcripts: whole, split at every byte, one byte at a time, and random. TCP cuts where it likes.</summary>
public sealed class HttpCodecTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 1.1 hello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "200 1.1 hello")]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 1.1 ")]
    [InlineData("HTTP/1.0 404 Not Found\r\n\r\ngone", "404 1.0 gone")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "200 1.1 hi")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nx", "204 1.1 ")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "304 1.1 ")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 1.1 ok")]
    [InlineData("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "101 1.1 ")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;ext=\"1\"\r\n0123456789\r\n0\r\n\r\n", "200 1.1 abc0123456789")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n00\r\nTrailer: x\r\nMore: y\r\n\r\nrest", "200 1.1 a")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "200 1.1 a")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nto the end", "200 1.1 to the end")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "200 1.1 abc")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\n  folded\r\nContent-Length: 1\r\n\r\na", "200 1.1 a")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "protocol: the answer's Content-Length is no number or given twice: \"4\"")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "protocol: the answer's Content-Length is no number or given twice: \"-1\"")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "protocol: the answer's Content-Length is no number or given twice: \"99999999999999999999\"")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "protocol: the answer has a header line without a colon: \"no colon\"")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "protocol: the server did not answer with HTTP: \"HTTP/1.1 2000 OK\"")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n", "protocol: the server did not answer with HTTP: \"HTTP/2.0 200 OK\"")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "protocol: the server closed the connection after 3 of 10 bytes of the body")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "protocol: the answer's body is not well-formed: a chunk size that is no hexadecimal number")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "protocol: the answer's body is not well-formed: a chunk size of more than 15 digits")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "protocol: the answer's body is not well-formed: a chunk size that is no hexadecimal number")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b", "protocol: the server closed the connection in the middle of the headers")]
    [InlineData("", "protocol: the server closed the connection without an answer")]
    public async Task An_answer_reads_the_same_however_it_is_cut(string transcript, string expected)
    {
        var bytes = Encoding.Latin1.GetBytes(transcript);
        Assert.Equal(expected, await ReadAsync([bytes]));
        Assert.Equal(expected, await ReadAsync([.. bytes.Select(b => new[] { b })]));
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            Assert.Equal(expected, await ReadAsync([bytes[..cut], bytes[cut..]]));
        }
    }

    [Fact]
    public async Task The_answer_to_head_has_no_body() =>
        Assert.Equal("200 1.1 ", await ReadAsync([Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")], method: "HEAD"));

    [Fact]
    public async Task Interim_answers_without_end_are_given_up() =>
        Assert.Equal(
            "protocol: more than 20 interim answers (1xx) and no final one",
            await ReadAsync([.. Enumerable.Repeat(Encoding.ASCII.GetBytes("HTTP/1.1 102 Processing\r\n\r\n"), 100)]));

    [Fact]
    public async Task Trailers_without_end_are_given_up()
    {
        byte[][] endless =
        [
            Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
            .. Enumerable.Repeat(Encoding.ASCII.GetBytes("X: y\r\n"), 100_000),
        ];
        Assert.Equal("protocol: the answer's body is not well-formed: chunk extensions or trailers of more than 64 KiB", await ReadAsync(endless));
    }

    [Fact]
    public async Task More_than_the_limit_is_neither_kept_nor_read()
    {
        var cut = Enumerable.Repeat(new byte[1000], 1000).Prepend(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\n")).ToArray();
        var stream = new CutStream(cut);
        using var sink = new BodySink(100);
        using var exchange = new Http1Exchange(new ProbeRun(new FakeTime(), TimeSpan.FromSeconds(5)), stream);
        var head = await exchange.AskAsync(default, "the server", TestContext.Current.CancellationToken);
        Assert.Null(await exchange.ReadBodyAsync(BodyFraming.Of(head.Value!, "GET").Value!, sink, 5000, TestContext.Current.CancellationToken));
        Assert.Equal(6000, sink.Count);
        Assert.Equal(100, sink.Kept.Length);
        Assert.True(stream.Left > 900);
    }

    [Fact]
    public void Random_bytes_end_in_a_value_and_never_in_an_exception()
    {
        string[] words = ["HTTP/1.1 ", "200", " OK", "\r\n", "\n", ":", "Content-Length", "Transfer-Encoding", "chunked", "0", "FF", ";", "\r\n\r\n", "\0", "é", " ", "100"];
        var pieces = Gen.OneOf(Gen.Elements(words).Select(Encoding.UTF8.GetBytes), ArbMap.Default.GeneratorFor<byte[]>());
        var transcripts = Gen.ListOf(pieces).Select(list => list.Where(piece => piece.Length > 0).ToArray());
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2000),
            Prop.ForAll(Arb.From(transcripts), cut => ReadAsync(cut).AsTask().GetAwaiter().GetResult().Length > 0
                && ReadAsync([.. cut.Prepend(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))]).AsTask().GetAwaiter().GetResult().Length > 0));
    }

    [Theory]
    [InlineData("very secret", "\"very ******\"")]
    [InlineData("a\r\nb\u0007c", "\"a  b c\"")]
    [InlineData("", "\"\"")]
    public void A_snippet_is_one_clean_line(string text, string shown) => Assert.Equal(shown, WireText.Snippet(text, ["secret"]));

    [Fact]
    public void A_snippet_is_at_most_a_hundred_characters_and_cuts_no_character_in_two()
    {
        var shown = WireText.Snippet(string.Concat(Enumerable.Repeat("😀", 200)), []);
        Assert.InRange(shown.Length, 90, 105);
        Assert.Equal(shown, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)));
    }

    private static async ValueTask<string> ReadAsync(byte[][] cut, string method = "GET")
    {
        using var exchange = new Http1Exchange(new ProbeRun(new FakeTime(), TimeSpan.FromSeconds(5)), new CutStream(cut));
        var head = await exchange.AskAsync(default, "the server", CancellationToken.None);
        if (head.Value is null)
        {
            return Words(head.Fault!);
        }

        var framing = BodyFraming.Of(head.Value, method);
        using var sink = new BodySink(1000);
        var fault = framing.Fault ?? await exchange.ReadBodyAsync(framing.Value!, sink, 100_000, CancellationToken.None);
        return fault is null ? $"{head.Value.Status} {head.Value.Version} {Encoding.Latin1.GetString(sink.Kept.Span)}" : Words(fault);
    }

    private static string Words(WireFault fault) => fault.ToResult(ProbeMetrics.Empty, TimeSpan.Zero).Message!;

    /// <summary>Hands out its pieces one read at a time, then the end.</summary>
    private sealed class CutStream(byte[][] pieces) : MemoryStream
    {
        private int _next;
        private int _at;

        public int Left => pieces.Length - _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_next == pieces.Length)
            {
                return ValueTask.FromResult(0);
            }

            var take = Math.Min(buffer.Length, pieces[_next].Length - _at);
            pieces[_next].AsMemory(_at, take).CopyTo(buffer);
            _at += take;
            if (_at == pieces[_next].Length)
            {
                (_next, _at) = (_next + 1, 0);
            }

            return ValueTask.FromResult(take);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
