using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Monitor.SystemTests.Gateway;

/// <summary>Makes strange requests of valid ones.</summary>
internal static class Mutation
{
    /// <summary>Stands for what no JSON writer writes; replaced in the text.</summary>
    private const string Surrogate = "@SURROGATE@";

    private static readonly string[] Texts =
    [
        "", " ", "******", "a", "tcp", "http", "ping", "null", "\0", "a\nb", "\u202eabc", "😀", "é\u0301", "https://a/?key=******", "http://[::1", "http://u:p@h:99999/", "//x", "http://",
        "https://" + "a.b.", "http://a\u0000b/", "http://例え.jp/?token=1#f", "(a{1000}){1000}", "(?<", "[", "(?=a)", "a{2147483648}", "{{", "{{name}}{{}}", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00", "admin", "viewer", "zh", "../../etc/passwd", "'; DROP TABLE probe_targets; --", "%00", "\u2028", "$.a[?(@.b)]", "[fe80::1%eth0]:80", "1.2.3.4.5", "-1", Surrogate, "a" + Surrogate,
    ];

    private static readonly string[] Names =
        ["id", "name", "type", "config", "url", "host", "port", "password", "tls", "labels", "surprise", "", " ", "__proto__", "$ref", "constructor", "名", Surrogate, "notify_channel_ids", "expires_at", "settings", "target_id"];

    private static readonly string[] Numbers = ["0", "-1", "1", "301", "2147483648", "9007199254740992", "9223372036854775808", "1e400", "-0.0", "1.5", "1e2", "0.1e-400", "99999999999999999999999999"];

    private static readonly string[] Parameters =
        ["limit", "cursor", "type", "status", "group", "label", "q", "enabled", "sort", "from", "to", "success", "window", "step", "severity", "target_id", "surprise", ""];

    public static byte[] Of(string valid, Random random)
    {
        var root = JsonNode.Parse(valid);
        for (var i = random.Next(4); i > 0; i--)
        {
            root = Mutated(root, random);
        }

        var text = (root?.ToJsonString() ?? "null").Replace(Surrogate, random.Next(2) == 0 ? "\\ud800" : "\\udc00x", StringComparison.Ordinal);
        if (random.Next(15) == 0 && text.StartsWith('{') && text.Length > 2)
        {
            var end = text.IndexOfAny([',', '}'], 1);
            text = text[..end] + "," + text[1..end] + text[end..];
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        return random.Next(12) switch
        {
            0 => bytes[..random.Next(bytes.Length)],
            1 => Flipped(bytes, random),
            2 => [.. bytes[..(bytes.Length / 2)], 0xc3, 0x28, .. bytes[(bytes.Length / 2)..]],
            _ => bytes,
        };
    }

    public static string Query(Random random)
    {
        var text = new StringBuilder("?");
        for (var i = random.Next(4); i >= 0; i--)
        {
            text.Append(Parameters[random.Next(Parameters.Length)]).Append('=').Append(random.Next(5) switch
            {
                0 => "%ff%fe",
                1 => Cursor(random),
                2 => Uri.EscapeDataString(Numbers[random.Next(Numbers.Length)]),
                3 => Texts[random.Next(Texts.Length)] is var raw && raw.All(c => c is > ' ' and < '\u007f' and not '#') ? raw : "%",
                _ => Uri.EscapeDataString(Texts[random.Next(Texts.Length)]),
            }).Append('&');
        }

        return text.ToString();
    }

    public static string HeaderText(Random random) => random.Next(4) switch
    {
        0 => "\"" + random.Next(5).ToString(CultureInfo.InvariantCulture) + "\"",
        1 => "W/\"1\", *",
        2 => new string('k', random.Next(1, 400)),
        _ => new string([.. Texts[random.Next(Texts.Length)].Where(c => c is >= ' ' and < '\u007f')]),
    };

    private static string Cursor(Random random)
    {
        string[] lists = ["targets:id", "targets:name", "targets:status_since", "channels:id", "alerts:fired_at", "tokens:id", "results:1"];
        var id = Numbers[random.Next(Numbers.Length)];
        return System.Buffers.Text.Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes($"{lists[random.Next(lists.Length)]}\u001f{id}\u001f{Texts[random.Next(Texts.Length)]}"));
    }

    private static byte[] Flipped(byte[] bytes, Random random)
    {
        for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>Walks down at random and changes what it meets.</summary>
    private static JsonNode? Mutated(JsonNode? node, Random random)
    {
        if (node is JsonObject { Count: > 0 } @object && random.Next(6) > 0)
        {
            var name = @object.ElementAt(random.Next(@object.Count)).Key;
            switch (random.Next(6))
            {
                case 0:
                    @object.Remove(name);
                    break;
                case 1:
                    @object[Names[random.Next(Names.Length)]] = Any(random, 0);
                    break;
                default:
                    var child = @object[name];
                    @object.Remove(name);
                    @object[name] = Mutated(child, random);
                    break;
            }

            return @object;
        }

        return node is JsonObject ? random.Next(4) == 0 ? Any(random, 0) : node : Any(random, 0);
    }

    private static JsonNode? Any(Random random, int depth)
    {
        switch (random.Next(depth > 3 ? 5 : 9))
        {
            case 0:
                return null;
            case 1:
                return random.Next(2) == 0;
            case 2:
                return JsonNode.Parse(Numbers[random.Next(Numbers.Length)]);
            case 3:
            case 4:
                return random.Next(10) == 0 ? new string('长', random.Next(1, 70_000)) : Texts[random.Next(Texts.Length)];
            case 5:
                return new JsonArray([.. Enumerable.Range(0, random.Next(5)).Select(_ => Any(random, depth + 1))]);
            case 6:
                var deep = random.Next(1, 60);
                return JsonNode.Parse(new string('[', deep) + new string(']', deep), documentOptions: new JsonDocumentOptions { MaxDepth = 100 });
            default:
                var made = new JsonObject();
                for (var i = random.Next(5); i > 0; i--)
                {
                    made[Names[random.Next(Names.Length)]] = Any(random, depth + 1);
                }

                return made;
        }
    }
}
