using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Probing;
using Monitor.Probers.Postgres;
using Xunit;

namespace Monitor.UnitTests.Probers.Postgres;

public sealed class ServerMessagesTests
{
    private const string Offer = "R\0\0\0\u002A\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    private const string Welcome = "R\0\0\0\u0008\0\0\0\0S\0\0\0\u0014is_superuser\0on\0K\0\0\0\u000C\0\0\0\u0007\0\0\0\u0009Z\0\0\0\u0005I";

    [Fact]
    public void A_login_passes_as_it_came_however_it_is_cut()
    {
        var login = Bytes("R\0\0\0\u000C\0\0\0\u0005abcd" + Welcome);
        for (var size = 1; size <= login.Length; size++)
        {
            using var messages = new ServerMessages(hasPassword: true);
            Assert.Equal(login, Fed(messages, login, size));
            Assert.Null(messages.Fault);
            Assert.Equal(LoginStep.Ready, messages.Step);
        }
    }

    [Fact]
    public void Steps_of_the_login_are_told_apart()
    {
        using var messages = new ServerMessages(hasPassword: true);
        Assert.Equal(LoginStep.Nothing, messages.Step);
        Fed(messages, Bytes(Offer), 100);
        Assert.Equal(LoginStep.PasswordAsked, messages.Step);
        Fed(messages, Bytes("R\0\0\0\u0008\0\0\0\0"), 100);
        Assert.Equal(LoginStep.Accepted, messages.Step);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", FailureStage.Protocol, "an HTTP server answered on this port")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n", FailureStage.Protocol, "an SSH server answered on this port")]
    [InlineData("-ERR unknown command\r\n", FailureStage.Protocol, "a Redis server answered on this port")]
    [InlineData("\u0015\u0003\u0003\0\u0002\u0002\u0028", FailureStage.Protocol, "it speaks TLS on this port")]
    [InlineData("J\0\0\0\n8.0.35\0", FailureStage.Protocol, "this is not a PostgreSQL server: it answered \"J")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005\u0006", FailureStage.Protocol, "this is not a PostgreSQL server")]
    [InlineData("R\u007F\u00FF\u00FF\u00FF\0\0\0\0", FailureStage.Protocol, "this is not a PostgreSQL server")]
    [InlineData("Ecould not fork new process for connection: Out of memory\n\0", FailureStage.Authentication, "could not fork new process")]
    [InlineData("R\0\0\0\u0008\0\0\0\u0007", FailureStage.Authentication, "asks for GSSAPI")]
    [InlineData("R\0\0\0\u0008\0\0\0\u0063", FailureStage.Authentication, "unknown login method 99")]
    [InlineData("R\0\0\0\u0006\0\0", FailureStage.Protocol, "cut short")]
    [InlineData("R\0\0\0\u0012\0\0\0\nNOVEL-256\0\0", FailureStage.Authentication, "the server offers only \"NOVEL-256\"")]
    [InlineData("R\0\0\0\u0008\0\0\0\0T\0\0\0\u0006\0\0", FailureStage.Protocol, "'T') that does not belong here")]
    [InlineData("N\0\0\0\u0005\0Z\0\0\0\u0005I", FailureStage.Protocol, "before it had let the user in")]
    [InlineData("R\0\0\0\u0008\0\0\0\0S\u007F\u00FF\u00FF\u00FF", FailureStage.Protocol, "'S') of 2147483647 bytes was announced")]
    [InlineData(Welcome + "D\u007F\u00FF\u00FF\u00FF", FailureStage.Protocol, "'D') of 2147483647 bytes was announced; between 4 and 1048576 are read")]
    [InlineData(Welcome + "D\0\0\0\0", FailureStage.Protocol, "of 0 bytes was announced")]
    [InlineData(Welcome + "H\0\0\0\u0007\0\0\0", FailureStage.Protocol, "COPY")]
    [InlineData("R\0\0\0\u0018\0\0\0\u000Br=a,s=b,i=999999", FailureStage.Authentication, "\"999999\" rounds of SCRAM")]
    [InlineData("R\0\0\0\u001C\0\0\0\u000Br=a,s=b,i=9999999999", FailureStage.Authentication, "\"9999999999\" rounds of SCRAM")]
    public void What_must_not_reach_Npgsql_is_refused_in_words(string sent, FailureStage stage, string words)
    {
        foreach (var size in (int[])[1, 3, 1000])
        {
            using var messages = new ServerMessages(hasPassword: true);
            Fed(messages, Bytes(sent), size);
            messages.Ended();
            Assert.Equal(stage, messages.Fault?.Stage);
            Assert.Contains(words, messages.Fault!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("R\0\0\0\u0008\0\0\0\u0003")]
    [InlineData("R\0\0\0\u000C\0\0\0\u0005abcd")]
    [InlineData(Offer)]
    public void Without_a_password_of_its_own_a_target_gets_none_from_elsewhere(string asked)
    {
        using var messages = new ServerMessages(hasPassword: false);
        Assert.Empty(Fed(messages, Bytes(asked), 1000));
        Assert.Equal("the server asks for a password, and none is set", messages.Fault?.Message);
    }

    [Fact]
    public void PostgreSQLs_own_rounds_are_fine()
    {
        using var messages = new ServerMessages(hasPassword: true);
        var asked = Bytes("R\0\0\0\u0016\0\0\0\u000Br=a,s=b,i=4096");
        Assert.Equal(asked, Fed(messages, asked, 5));
    }

    [Fact]
    public void A_flood_is_cut_off()
    {
        using var messages = new ServerMessages(hasPassword: true);
        Fed(messages, Bytes(Welcome), 100);
        var row = new byte[1024 * 1024 + 1];
        row[0] = (byte)'D';
        BinaryPrimitives.WriteInt32BigEndian(row.AsSpan(1), 1024 * 1024);
        for (var i = 0; i < 20 && messages.Fault is null; i++)
        {
            Fed(messages, row, 60_000);
        }

        Assert.Equal($"the server sent more than {ServerMessages.MaxTotal} bytes", messages.Fault?.Message);
        Assert.InRange(messages.Held, 0, 4 * 1024 * 1024);
    }

    [Fact]
    public void Random_bytes_never_throw_and_never_take_memory_that_did_not_arrive() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], bool, byte>((noise, loggedIn, size) =>
        {
            using var messages = new ServerMessages(hasPassword: true);
            if (loggedIn)
            {
                Fed(messages, Bytes(Welcome), 100);
            }

            Fed(messages, noise, size + 1);
            messages.Ended();
            return messages.Held <= 16 * 1024;
        }));

    [Fact]
    public void Random_messages_never_throw() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], byte, int>((body, type, announced) =>
        {
            using var messages = new ServerMessages(hasPassword: true);
            var frame = new byte[body.Length + 5];
            frame[0] = "RENvSKZTDC123"u8[type % 13];
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), announced % 3 == 0 ? announced : body.Length + 4);
            body.CopyTo(frame, 5);
            if (body.Length > 4)
            {
                // An authentication request that is known, more often than chance would have it.
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), type % 14);
            }

            Fed(messages, frame, 1 + (type % 9));
            return messages.Held <= 16 * 1024;
        }));

    /// <summary>What passes when it arrives in pieces of this size.</summary>
    private static byte[] Fed(ServerMessages messages, byte[] sent, int size)
    {
        var passed = new List<byte>();
        for (var at = 0; at < sent.Length && messages.Fault is null;)
        {
            var room = messages.Room();
            var count = Math.Min(Math.Min(size, sent.Length - at), room.Length);
            sent.AsMemory(at, count).CopyTo(room);
            at += count;
            messages.Received(count);
            passed.AddRange(messages.Whole.ToArray());
            messages.Passed();
        }

        return [.. passed];
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
