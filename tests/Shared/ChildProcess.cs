using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Monitor.Tests.Shared;

/// <summary>
/// A process that a test starts and ends, by its id. It cannot outlive the test program: the kernel ends it when the thread that started it is gone
/// (PR_SET_PDEATHSIG), and that thread lives as long as the program does.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly BlockingCollection<Action> Starts = [];
    private static readonly Lazy<Thread> Starter = new(StartStarter);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _output = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    public int Id { get; private init; }

    public bool HasExited => _process.HasExited;

    /// <summary>128 + the signal's number when it was ended by one.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it has written to stdout and stderr so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <param name="onOwnDeath">What it gets when this program ends first; servers with children of their own need TERM, to take these along.</param>
    public static async Task<ChildProcess> StartAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null, string onOwnDeath = "KILL")
    {
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
        };
        foreach (var argument in (string[])["--pdeathsig", onOwnDeath, "--", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(0, StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Starter.Value;
        Starts.Add(
            () =>
            {
                try
                {
                    started.SetResult(Process.Start(start)!);
                }
                catch (Win32Exception e)
                {
                    started.SetException(e);
                }
            },
            CancellationToken.None);
        var process = await started.Task;
        var child = new ChildProcess(process) { Id = process.Id };
        child.Listen();
        return child;
    }

    /// <summary>Runs a command to its end; throws when it fails.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        await using var child = await StartAsync(program, arguments);
        var code = await child.WaitForExitAsync(cancellationToken);
        return code == 0 ? child.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {child.Output}");
    }

    public void Signal(Signal signal)
    {
        if (!_process.HasExited)
        {
            _ = Send(Id, (int)signal);
        }
    }

    /// <summary>No goodbye.</summary>
    public async Task KillAsync()
    {
        Signal(Shared.Signal.Kill);
        await _ended.Task;
    }

    /// <summary>Waits for its end and for the last of its output; answers the exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _ended.Task.WaitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and how long it took to end.</summary>
    public async Task<(int Code, TimeSpan Took)> TerminateAsync(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        Signal(Shared.Signal.Terminate);
        var code = await WaitForExitAsync(cancellationToken);
        return (code, Stopwatch.GetElapsedTime(began));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Listen()
    {
        var open = 2;
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            if (line is not null)
            {
                lock (_lock)
                {
                    _output.Add(line);
                }
            }
            else if (Interlocked.Decrement(ref open) == 0)
            {
                closed.TrySetResult();
            }
        }

        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.Exited += (_, _) => _ = EndAsync(closed.Task);
        _process.EnableRaisingEvents = true;
    }

    private async Task EndAsync(Task closed)
    {
        // A child of its own may hold its output open for longer than it lives.
        await Task.WhenAny(closed, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None));
        _ended.TrySetResult();
    }

    private static Thread StartStarter()
    {
        var thread = new Thread(() =>
        {
            foreach (var start in Starts.GetConsumingEnumerable(CancellationToken.None))
            {
                start();
            }
        })
        {
            IsBackground = true,
            Name = "child processes",
        };
        thread.Start();
        return thread;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Send(int process, int signal);
}

public enum Signal
{
    Hangup = 1,
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    User1 = 10,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
