using Monitor.Core.Ports;
using Monitor.Storage.Copying;
using Monitor.Storage.Postgres;
using Monitor.Storage.Sqlite;

namespace Monitor.Silo;

/// <summary><c>silo copy-store --from data --to "Host=…;Database=…"</c>: moves everything up to PostgreSQL. The master key is the setting <c>Secrets:MasterKey</c>.</summary>
internal static class CopyStoreCommand
{
    public const string Name = "copy-store";

    private const int BadArguments = 2;
    private const int Refused = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args[1..]).Build();
        var (from, to) = (configuration["from"], configuration["to"]);
        var key = new byte[32];
        if (from is null || to is null)
        {
            return Refuse($"usage: silo {Name} --from <folder of the SQLite store> --to <connection string of an empty PostgreSQL database>", BadArguments);
        }

        if (configuration["Secrets:MasterKey"] is not { } text || !Convert.TryFromBase64String(text, key, out var length) || length != key.Length)
        {
            return Refuse("Secrets:MasterKey must be set to 32 bytes in base64 (openssl rand -base64 32): the key that every silo will be given", BadArguments);
        }

        using var stop = new CancellationTokenSource();
        using var interrupted = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        try
        {
            await new StoreCopy(new SqliteOptions(from), new PostgresStoreOptions(to, key), TimeProvider.System).RunAsync(Console.WriteLine, stop.Token);
            Console.WriteLine("copied, and the counts agree; start the silos with Storage:Provider=postgres and the same Storage:Path (its journal goes with it)");
            return 0;
        }
        catch (Exception e) when (e is StoreRefusedException or StoreUnavailableException)
        {
            return Refuse(e.Message, Refused);
        }
        catch (OperationCanceledException)
        {
            return Refuse("stopped: nothing was copied", Refused);
        }
    }

    private static int Refuse(string line, int exitCode)
    {
        Console.Error.WriteLine($"monitor: {line}");
        return exitCode;
    }
}
