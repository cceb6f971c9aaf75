using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage serve</c></summary>
internal static class ServeCommand
{
    /// <summary>What stands before the URL in the line that says that clients can connect.</summary>
    public const string ListeningOn = "Listening on ";

    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The directory of the store; made when it is missing.", HelpName = "DIR" };
        var memory = new Option<bool>("--memory") { Description = "Serve an empty store in memory, which is gone when the server ends." };
        var listen = new Option<string?>("--listen") { Description = "Where to listen; port 0 takes a free one [default: 7443 on every address].", HelpName = "[HOST:]PORT" };
        var path = new Option<string>("--path") { Description = "The path of the store in its URL.", DefaultValueFactory = _ => "/storage" };
        Option<Durability?> durability = DurabilityOption.Create();
        var untilEnd = new Option<bool>("--until-stdin-ends") { Description = "Stop when stdin ends, as it does when the program that holds it is gone.", Hidden = true };
        var tls = new TlsOptions(CertificatePurposes.Server);
        var command = new Command("serve", "Serve a store over secure WebSockets until Ctrl-C or SIGTERM.")
        {
            data,
            memory,
            listen,
            path,
            durability,
            untilEnd,
        };
        tls.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? directory = parsed.GetValue(data) ?? (parsed.GetValue(memory) ? null : EnvironmentVariables.Get(EnvironmentVariables.Data));
            if ((directory is null) != parsed.GetValue(memory))
            {
                throw new UsageException("Give --data DIR for the store to serve, or --memory for a throw-away one: one of these.");
            }

            using ILoggerFactory logging = Logging.Create(parsed, LogLevel.Warning);
            var options = new WsStorageServerOptions
            {
                Listen = ListenAddress.Parse(parsed.GetValue(listen) ?? "7443"),
                Path = parsed.GetValue(path)!,
                Tls = tls.Load(parsed),
                LoggerFactory = logging,
            };
            await using IStorage storage = directory is null
                ? Engines.OpenMemory()
                : Engines.OpenDirectory(directory, StoreAccess.Create, parsed.GetValue(durability) ?? DurabilityOption.Default, logging);
            await using var server = new WsStorageServer(storage, options);
            await server.StartAsync(cancellationToken);
            Console.WriteLine($"{ListeningOn}{server.LocalUrl}");
            await WaitForEndAsync(parsed.GetValue(untilEnd), cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task WaitForEndAsync(bool untilStandardInputEnds, CancellationToken cancellationToken)
    {
        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => interrupted.TrySetResult());
        if (untilStandardInputEnds)
        {
            await Task.WhenAny(interrupted.Task, Task.Run(() => Console.In.ReadToEnd(), CancellationToken.None));
        }
        else
        {
            await interrupted.Task;
        }
    }
}
