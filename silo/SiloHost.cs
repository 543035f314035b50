using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Monitor.Core.Ports;
using Monitor.Gateway;
using Monitor.Gateway.Access;
using Monitor.Gateway.Health;
using Monitor.Silo.Settings;
using Monitor.Storage.Postgres;

namespace Monitor.Silo;

/// <summary>
/// One silo from its first line to its last. What stops a start is told in one line on stderr, with an exit code of its own; a stack trace means a defect.
/// </summary>
public static partial class SiloHost
{
    private const int BadSettings = 2;
    private const int StoreRefused = 3;
    private const int CannotListen = 4;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using var app = Compose(args, out var settings);
            return await RunAsync(app, settings);
        }
        catch (SettingsException e)
        {
            return Refuse($"settings: {e.Message}", BadSettings);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            // A settings file that is no JSON, or an argument that is no setting.
            return Refuse($"settings: {Innermost(e).Message.ReplaceLineEndings(" ")}", BadSettings);
        }
        catch (Exception e) when (e is StoreRefusedException or StoreUnavailableException)
        {
            return Refuse($"store: {e.Message}", StoreRefused);
        }
        catch (IOException e)
        {
            return Refuse($"cannot listen: {Innermost(e).Message}", CannotListen);
        }
        catch (SocketException e)
        {
            return Refuse($"cannot listen: {e.Message}", CannotListen);
        }
    }

    private static WebApplication Compose(string[] args, out SiloSettings settings)
    {
        // Settings are read once, at the start. Watching their files would hear of every write to a store that lies below them: a twentieth of all processor time.
        Environment.SetEnvironmentVariable("DOTNET_hostBuilder__reloadConfigOnChange", "false");
        var builder = WebApplication.CreateBuilder(args);
        settings = SiloSettings.Read(builder.Configuration, args);
        SiloLogging.Configure(builder.Logging, settings);
        builder.WebHost.ConfigureKestrel(GatewaySetup.LimitKestrel);
        if (settings.IsDefaultUrl)
        {
            builder.WebHost.UseUrls(SiloSettings.DefaultUrl);
        }

        // A stop must be over within 10 s, whatever hangs.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));
        SiloServices.Add(builder.Services, settings);
        var app = builder.Build();
        app.MapMonitorGateway();
        return app;
    }

    private static async Task<int> RunAsync(WebApplication app, SiloSettings settings)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SiloHost).FullName!);
        await app.StartAsync(CancellationToken.None);
        var firstToken = await app.Services.GetRequiredService<AdminBootstrap>().RunAsync(CancellationToken.None);
        app.Services.GetRequiredService<StartupGate>().Open();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        LogReady(log, settings.SiloName, string.Join(", ", addresses), app.Services.GetService<PostgresStoreOptions>()?.Place ?? settings.StoragePath);
        if (firstToken is not null)
        {
            TellFirstToken(firstToken, settings);
        }

        await app.WaitForShutdownAsync(CancellationToken.None);
        LogStopped(log, settings.SiloName);
        return 0;
    }

    /// <summary>Shown once and kept nowhere: beside the log, where the log is for machines.</summary>
    private static void TellFirstToken(string token, SiloSettings settings)
    {
        var output = settings.JsonLogs ? Console.Error : Console.Out;
        output.WriteLine();
        output.WriteLine("The first administrator's token, shown only this once / 首个管理员令牌，仅显示这一次:");
        output.WriteLine($"  {token}");
        output.WriteLine();
        output.Flush();
    }

    private static int Refuse(string line, int exitCode)
    {
        Console.Error.WriteLine($"monitor: {line}");
        return exitCode;
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} is ready, listening on {Addresses}, store in {Store}")]
    private static partial void LogReady(ILogger log, string silo, string addresses, string store);

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} has stopped")]
    private static partial void LogStopped(ILogger log, string silo);
}
