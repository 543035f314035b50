using System.Buffers;
using System.Text;
using Monitor.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Journal;

public sealed class JournalFrameTests
{
    private static readonly string[] Payloads = ["{\"a\":1}", "{\"longer\":\"than eight bytes\"}", "{}"];

    [Fact]
    public void A_kill_at_any_byte_of_an_append_loses_only_what_was_not_confirmed()
    {
        var (segment, ends) = Segment();
        for (var length = 0; length <= segment.Length; length++)
        {
            var scan = JournalFrame.Scan(segment.AsMemory(0, length));
            Assert.Equal(Payloads.Take(ends.Count(end => end <= length)), Texts(scan));
            Assert.False(scan.Damaged);
            Assert.Equal(length != 0 && !ends.Contains(length), scan.Torn);
        }
    }

    [Fact]
    public void One_flipped_bit_anywhere_costs_at_most_one_record_and_is_noticed()
    {
        var (segment, ends) = Segment();
        for (var bit = 0; bit < segment.Length * 8; bit++)
        {
            var copy = segment.ToArray();
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            var hit = ends.Count(end => end <= bit / 8);
            var scan = JournalFrame.Scan(copy);
            Assert.Equal(Payloads.Where((_, index) => index != hit), Texts(scan));
            Assert.True(scan.Damaged || (scan.Torn && hit == Payloads.Length - 1));
        }
    }

    [Fact]
    public void Zeros_that_a_loss_of_power_left_at_the_end_are_no_damage()
    {
        var (segment, _) = Segment();
        var scan = JournalFrame.Scan(new byte[][] { segment, new byte[4096] }.SelectMany(part => part).ToArray());
        Assert.Equal(Payloads, Texts(scan));
        Assert.False(scan.Damaged);
    }

    [Fact]
    public void A_file_that_is_something_else_is_damage()
    {
        var scan = JournalFrame.Scan(Encoding.UTF8.GetBytes("this was never a journal"));
        Assert.Empty(scan.Payloads);
        Assert.True(scan.Damaged);
    }

    private static IEnumerable<string> Texts(JournalScan scan) => scan.Payloads.Select(payload => Encoding.UTF8.GetString(payload.Span));

    private static (byte[] Segment, int[] Ends) Segment()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var ends = new List<int>();
        foreach (var payload in Payloads)
        {
            JournalFrame.Write(buffer, Encoding.UTF8.GetBytes(payload));
            ends.Add(buffer.WrittenCount);
        }

        return (buffer.WrittenSpan.ToArray(), [.. ends]);
    }
}
