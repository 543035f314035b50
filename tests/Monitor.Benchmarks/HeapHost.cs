using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Monitor.Benchmarks;

/// <summary>The silo in this process, only so that its heap can be asked for from outside: at SIGUSR1 it collects and prints <c>heap=BYTES</c>.</summary>
internal static class HeapHost
{
    public const string Command = "heap-host";

    private const int UserSignal1 = 10;

    public static int Run(string[] args)
    {
        using var asked = PosixSignalRegistration.Create((PosixSignal)UserSignal1, context =>
        {
            context.Cancel = true;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"heap={GC.GetTotalMemory(forceFullCollection: true)}"));
        });
        return Assembly.Load("silo").EntryPoint!.Invoke(null, [args]) as int? ?? 0;
    }
}
