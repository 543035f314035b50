using System.Text.Json;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.UnitTests.Grains.Probing;

/// <summary>A prober that does what the test says. Its config is any JSON object; <c>{"bad": …}</c> no longer reads, <c>{"broken": …}</c> throws.</summary>
internal sealed class ScriptedProber(string type = "http") : IProber
{
    private TaskCompletionSource? _called;

    public Func<ProbeRequest, CancellationToken, ValueTask<ProbeResult>> Does { get; set; } = static (_, _) => ValueTask.FromResult(Good);

    public static ProbeResult Good => ProbeResult.Ok(ProbeMetrics.Empty);

    public static ProbeResult Bad(string message = "refused") => ProbeResult.Failed(FailureStage.Connect, message);

    public static ProbeResult Warned(params IReadOnlyList<string> warnings) => ProbeResult.Ok(ProbeMetrics.Empty, warnings);

    public string Type => type;

    public LocalizedText Name => new("HTTP", "HTTP");

    public ObjectSchema Schema { get; } = new();

    /// <summary>Each call's config, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Completes at the next call, when it has been settled what that call does.</summary>
    public Task NextCallAsync()
    {
        _called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _called.Task.WaitAsync(TimeSpan.FromSeconds(10), Xunit.TestContext.Current.CancellationToken);
    }

    public void Answers(ProbeResult result) => Does = (_, _) => ValueTask.FromResult(result);

    /// <summary>Hangs until its token is cancelled.</summary>
    public void Hangs() => Does = static async (_, token) =>
    {
        var never = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cancelled = token.Register(() => never.TrySetCanceled(token));
        return await never.Task;
    };

    public ConfigReading Read(JsonElement config)
    {
        if (config.TryGetProperty("broken", out _))
        {
            throw new InvalidOperationException("s3cret");
        }

        return config.TryGetProperty("bad", out _)
            ? ConfigReading.Refused([FieldError.At("config.bad", "is not known any more", "不再支持")])
            : ConfigReading.Accepted(config.GetRawText(), "place");
    }

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        lock (Asked)
        {
            Asked.Add((string)request.Config);
        }

        var does = Does;
        Interlocked.Exchange(ref _called, null)?.SetResult();
        return does(request, cancellationToken);
    }
}
