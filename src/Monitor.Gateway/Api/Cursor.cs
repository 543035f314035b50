using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Api;

/// <summary>Where a page ended, as clients carry it: opaque, bound to its list and sort.</summary>
internal static class Cursor
{
    public const int MaxLength = 4096;

    private const char Separator = '\u001f';

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string? Encode(string list, PageKey? key) =>
        key is null ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{list}{Separator}{key.Id}{Separator}{key.Value}")));

    /// <summary>Null for what is no cursor of this list.</summary>
    public static PageKey? Decode(string list, string text)
    {
        string plain;
        try
        {
            plain = Strict.GetString(Base64Url.DecodeFromChars(text));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }

        var parts = plain.Split(Separator, 3);
        return parts.Length == 3 && parts[0] == list && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && (IsByName(list) || long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            ? new PageKey(parts[2], id)
            : null;
    }

    /// <summary>Every other list is sorted by a number: an id or a time.</summary>
    private static bool IsByName(string list) => list.EndsWith("name", StringComparison.Ordinal);
}
