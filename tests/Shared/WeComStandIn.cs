using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Monitor.Tests.Shared;

/// <summary>
/// A WeCom group robot on loopback: keeps every message with the moment of its arrival, and answers as it is told to (0 ok by default).
/// One stand-in plays any number of robots, told apart by the key in the URL.
/// </summary>
public sealed class WeComStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly List<RobotMessage> _messages = [];
    private readonly List<Waiter> _waiters = [];
    private readonly ConcurrentDictionary<string, ConcurrentQueue<RobotAnswer>> _scripts = new(StringComparer.Ordinal);
    private Uri? _base;

    private WeComStandIn(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection =>
                {
                    connection.Transport = new LateEnd(connection.Transport);
                    return next(connection);
                });
            });
            kestrel.AddServerHeader = false;
        });
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    /// <summary>What every robot without a script of its own answers; may look at the message. Called once a message, from many threads.</summary>
    public Func<RobotMessage, RobotAnswer> Answer { get; set; } = static _ => RobotAnswer.Ok;

    /// <summary>Answer 45009 to the 21st message of a robot within 60 s of arrival, as the real one does.</summary>
    public bool EnforceLimit { get; set; }

    /// <summary>All that arrived, in order.</summary>
    public IReadOnlyList<RobotMessage> Messages
    {
        get
        {
            lock (_lock)
            {
                return [.. _messages];
            }
        }
    }

    /// <param name="port">0: a free one; a fixed one to come back where an earlier stand-in was.</param>
    public static async Task<WeComStandIn> StartAsync(int port = 0, CancellationToken cancellationToken = default)
    {
        var standIn = new WeComStandIn(port);
        await standIn._app.StartAsync(cancellationToken);
        var addresses = standIn._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        standIn._base = new Uri(addresses.First());
        return standIn;
    }

    public int Port => _base!.Port;

    /// <summary>The webhook URL of the robot with this key.</summary>
    public string Url(string key) => new Uri(_base!, "/cgi-bin/webhook/send?key=" + Uri.EscapeDataString(key)).AbsoluteUri;

    /// <summary>What the robot with this key answers to its next messages, one each; afterwards <see cref="Answer"/> again.</summary>
    public void Script(string key, params ReadOnlySpan<RobotAnswer> answers)
    {
        var queue = _scripts.GetOrAdd(key, static _ => new ConcurrentQueue<RobotAnswer>());
        foreach (var answer in answers)
        {
            queue.Enqueue(answer);
        }
    }

    /// <summary>The first message that fits, of those that are here and those to come.</summary>
    public async Task<RobotMessage> WaitForAsync(Func<RobotMessage, bool> predicate, CancellationToken cancellationToken)
    {
        var all = await WaitUntilAsync(messages => messages.Any(predicate), cancellationToken);
        return all.First(predicate);
    }

    /// <summary>Completes once the list of all messages fits; answers that list.</summary>
    public async Task<IReadOnlyList<RobotMessage>> WaitUntilAsync(Func<IReadOnlyList<RobotMessage>, bool> predicate, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(predicate);
        lock (_lock)
        {
            if (predicate(_messages))
            {
                return [.. _messages];
            }

            _waiters.Add(waiter);
        }

        await using var cancelled = cancellationToken.Register(() => waiter.Signal.TrySetCanceled(cancellationToken));
        return await waiter.Signal.Task;
    }

    /// <summary>The most messages of one robot that arrived within any such time: at most 20 within 60 s.</summary>
    public int MostWithin(string key, TimeSpan window)
    {
        var times = Messages.Where(message => message.Key == key).Select(message => message.Timestamp).ToArray();
        var most = 0;
        for (int first = 0, last = 0; last < times.Length; last++)
        {
            while (Stopwatch.GetElapsedTime(times[first], times[last]) > window)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return most;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await _app.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping without grace is what was asked for: a hanging answer must not hold up the test.
        }

        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        var arrived = Stopwatch.GetTimestamp();
        using var reader = new StreamReader(context.Request.Body, new UTF8Encoding(false, true));

        // Without a token: a message that has arrived counts, also when whoever sent it was killed before it could be taken in.
        var body = await reader.ReadToEndAsync(CancellationToken.None);
        var key = context.Request.Query["key"].ToString();
        var message = Keep(key, arrived, body);
        var answer = Choose(message);
        if (answer.Delay > TimeSpan.Zero)
        {
            await Task.Delay(answer.Delay, TimeProvider.System, context.RequestAborted);
        }

        if (answer.Close)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json; charset=UTF-8";
        if (answer.Location is { } location)
        {
            context.Response.Headers.Location = location;
        }

        await context.Response.WriteAsync(answer.Text, context.RequestAborted);
    }

    private RobotMessage Keep(string key, long arrived, string body)
    {
        List<Waiter> ready;
        RobotMessage message;
        IReadOnlyList<RobotMessage> all;
        lock (_lock)
        {
            message = RobotMessage.Read(_messages.Count, key, arrived, body);
            _messages.Add(message);
            ready = [.. _waiters.Where(waiter => waiter.Predicate(_messages))];
            _waiters.RemoveAll(ready.Contains);
            all = ready.Count == 0 ? [] : [.. _messages];
        }

        foreach (var waiter in ready)
        {
            waiter.Signal.TrySetResult(all);
        }

        return message;
    }

    private RobotAnswer Choose(RobotMessage message)
    {
        if (_scripts.TryGetValue(message.Key, out var script) && script.TryDequeue(out var next))
        {
            return next;
        }

        return EnforceLimit && MostWithin(message.Key, TimeSpan.FromSeconds(60)) > 20 ? RobotAnswer.TooMany : Answer(message);
    }

    private sealed record Waiter(Func<IReadOnlyList<RobotMessage>, bool> Predicate)
    {
        public TaskCompletionSource<IReadOnlyList<RobotMessage>> Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One message as a robot got it.</summary>
/// <param name="Number">From 0, over all robots of the stand-in.</param>
/// <param name="Timestamp"><see cref="Stopwatch.GetTimestamp"/> at its arrival: monotonic, and on Linux the same clock in every process of the machine.</param>
/// <param name="Content">The text that people read; empty when the body is no message at all.</param>
/// <param name="Mentions">Of a text message: <c>@all</c>, user ids and phone numbers.</param>
public sealed record RobotMessage(int Number, string Key, long Timestamp, string Body, string MessageType, string Content, IReadOnlyList<string> Mentions)
{
    internal static RobotMessage Read(int number, string key, long timestamp, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var type = document.RootElement.GetProperty("msgtype").GetString()!;
            var part = document.RootElement.GetProperty(type);
            return new RobotMessage(number, key, timestamp, body, type, part.GetProperty("content").GetString()!, [.. Names(part, "mentioned_list"), .. Names(part, "mentioned_mobile_list")]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new RobotMessage(number, key, timestamp, body, "", "", []);
        }
    }

    private static string[] Names(JsonElement part, string list) =>
        part.TryGetProperty(list, out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
}

/// <summary>How a robot answers one message.</summary>
/// <param name="Text">The body.</param>
/// <param name="Delay">Before the answer; longer than the sender waits makes an unknown outcome.</param>
/// <param name="Close">Cuts the connection instead of answering: the message has arrived, and its sender does not know.</param>
public sealed record RobotAnswer(int Status, string Text, TimeSpan Delay = default, bool Close = false, string? Location = null)
{
    public static readonly RobotAnswer Ok = Error(0, "ok");
    public static readonly RobotAnswer TooMany = Error(45009, "api freq out of limit, hint: [1708397705432012366598976]");
    public static readonly RobotAnswer Unknown = Error(93000, "invalid webhook url, hint: [1708397705432012366598976], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=93000");
    public static readonly RobotAnswer Cut = new(200, "", Close: true);

    public static RobotAnswer Error(int code, string message) =>
        new(200, string.Create(CultureInfo.InvariantCulture, $$"""{"errcode":{{code}},"errmsg":{{JsonSerializer.Serialize(message)}}}"""));

    public RobotAnswer After(TimeSpan delay) => this with { Delay = delay };
}
