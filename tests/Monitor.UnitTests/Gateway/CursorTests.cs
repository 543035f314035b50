using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Ports;
using Monitor.Gateway.Api;
using Xunit;

namespace Monitor.UnitTests.Gateway;

public sealed class CursorTests
{
    [Fact]
    public void A_cursor_comes_back_as_it_went_for_its_own_list_only() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), ArbMap.Default.ArbFor<PositiveInt>(), (text, id) =>
        {
            // Texts of a store are well-formed; FsCheck's need not be.
            var value = string.Concat(text.Get.Where(c => !char.IsSurrogate(c)));
            var cursor = Cursor.Encode("targets:name", new PageKey(value, id.Get));
            return Cursor.Decode("targets:name", cursor!) == new PageKey(value, id.Get) && Cursor.Decode("targets:-name", cursor!) is null;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("made-up")]
    [InlineData("!!")]
    [InlineData("dGFyZ2V0czpuYW1l")]
    public void What_is_made_up_is_no_cursor(string text) => Assert.Null(Cursor.Decode("targets:name", text));

    [Theory]
    [InlineData("targets:id", "junk", false)]
    [InlineData("targets:id", "12", true)]
    [InlineData("targets:name", "junk", true)]
    [InlineData("alerts", "1795362214090807", true)]
    [InlineData("alerts", "1.5", false)]
    public void A_key_that_its_list_cannot_have_is_no_cursor(string list, string key, bool accepted) =>
        Assert.Equal(accepted, Cursor.Decode(list, Cursor.Encode(list, new PageKey(key, 7))!) is not null);

    [Fact]
    public void The_last_page_has_none() => Assert.Null(Cursor.Encode("targets:name", null));
}
