using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Replicas;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;
using WsStorage.WsServer.Leases;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage serve</c></summary>
internal static class ServeCommand
{
    /// <summary>What stands before the URL in the line that says that clients can connect.</summary>
    public const string ListeningOn = "Listening on ";

    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The directory of the store, or of the replica; made when it is missing.", HelpName = "DIR" };
        var memory = new Option<bool>("--memory") { Description = "Serve an empty store in memory, which is gone when the server ends." };
        var listen = new Option<string?>("--listen") { Description = "Where to listen; port 0 takes a free one [default: 7443 on every address].", HelpName = "[HOST:]PORT" };
        var path = new Option<string>("--path") { Description = "The path of the store in its URL.", DefaultValueFactory = _ => "/storage" };
        Option<Durability?> durability = DurabilityOption.Create("synced, of a replica buffered");
        var untilEnd = new Option<bool>("--until-stdin-ends") { Description = "Stop when stdin ends, as it does when the program that holds it is gone.", Hidden = true };
        var history = new HistoryOptions();
        var tls = new TlsOptions(CertificatePurposes.Server);
        var relay = new RelayOptions(tls);
        var command = new Command("serve", "Serve a store, or a replica of another served one, over secure WebSockets until Ctrl-C or SIGTERM.")
        {
            data,
            memory,
            listen,
            path,
            durability,
            untilEnd,
        };
        history.AddTo(command);
        tls.AddTo(command);
        relay.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Interruption.LeavesTerminalToParent = parsed.GetValue(untilEnd);
            string? directory = parsed.GetValue(data) ?? (parsed.GetValue(memory) ? null : EnvironmentVariables.Get(EnvironmentVariables.Data));
            if ((directory is null) != parsed.GetValue(memory))
            {
                throw new UsageException("Give --data DIR for the store to serve, or --memory for a throw-away one: one of these.");
            }

            bool isRelay = relay.IsGiven(parsed);
            using ILoggerFactory logging = Logging.Create(parsed, LogLevel.Warning);
            var options = new WsStorageServerOptions
            {
                Listen = ListenAddress.Parse(parsed.GetValue(listen) ?? "7443"),
                Path = parsed.GetValue(path)!,
                Tls = tls.Load(parsed),
                Leases = new LeaseOptions { Enabled = !isRelay },
                LoggerFactory = logging,
            };
            var engine = new ServedEngine(directory, parsed.GetValue(durability), history.Get(parsed), logging);
            Task end = WaitForEndAsync(parsed.GetValue(untilEnd), cancellationToken);
            if (isRelay)
            {
                await using RunningReplica replica = await relay.StartAsync(parsed, engine);
                await ServeReplicaAsync(replica, options, replica.UnlessItFails(end), cancellationToken);
            }
            else
            {
                await using IStorage storage = engine.OpenStore();
                await ServeAsync(storage, options, end, cancellationToken);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task ServeReplicaAsync(
        RunningReplica replica, WsStorageServerOptions options, Task end, CancellationToken cancellationToken)
    {
        // Nobody is let in to a replica that has nothing to read yet.
        Task readable = replica.Storage.WaitForAsync(Revision.None, cancellationToken).AsTask();
        await await Task.WhenAny(end, readable);
        if (!end.IsCompleted)
        {
            await ServeAsync(replica.Storage, options, end, cancellationToken);
        }
    }

    private static async Task ServeAsync(IStorage storage, WsStorageServerOptions options, Task end, CancellationToken cancellationToken)
    {
        await using var server = new WsStorageServer(storage, options);
        await server.StartAsync(cancellationToken);
        StatusLine.Clear();
        Console.WriteLine($"{ListeningOn}{server.LocalUrl}");
        await end;
    }

    private static Task WaitForEndAsync(bool untilStandardInputEnds, CancellationToken cancellationToken)
    {
        Task interrupted = Interruption.WaitAsync(cancellationToken);
        return untilStandardInputEnds
            ? Task.WhenAny(interrupted, Task.Run(() => Console.In.ReadToEnd(), CancellationToken.None))
            : interrupted;
    }
}
