using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Replicas;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.WsClient;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage replicate</c></summary>
internal static class ReplicateCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The directory of the replica; made when it is missing.", HelpName = "DIR" };
        var settings = new ReplicaSettings();
        var untilLive = new Option<bool>("--until-live") { Description = "End once the replica has what its source had since the start." };
        var json = new Option<bool>("--json") { Description = "Print how it stands as lines of JSON, one each second." };
        Option<Durability?> durability = DurabilityOption.Create("buffered: what a machine loses is fetched again");
        var history = new HistoryOptions();
        var store = new StoreOptions(servedOnly: true);
        var form = new TextFormOptions();
        var command = new Command(
            "replicate",
            "Keep a replica of a served store, or of some of its keys, in a directory until Ctrl-C: loads a copy, then follows every change, through restarts of either side and cut links. `get`, `scan`, `info` and `export` read it with --data, also meanwhile.")
        {
            data,
            untilLive,
            json,
        };
        settings.AddTo(command);
        command.Add(durability);
        history.AddTo(command);
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string directory = parsed.GetValue(data) ?? EnvironmentVariables.Get(EnvironmentVariables.Data)
                ?? throw new UsageException("Give --data DIR: where the replica is to be.");
            TextForm textForm = form.Get(parsed);
            using ILoggerFactory logging = Logging.Create(parsed, LogLevel.None);
            ReplicaOptions options = settings.Get(parsed, textForm, Path.GetFullPath(directory)) with { LoggerFactory = logging };
            TimeSpan? verifyInterval = settings.GetVerifyInterval(parsed);
            WsStorageClient source = store.CreateSource(parsed);
            ICopyStore copies = Engines.OpenCopies(
                directory, StoreAccess.Create, parsed.GetValue(durability) ?? DurabilityOption.OfCopies, logging, history.Get(parsed));
            await using RunningReplica replica = await RunningReplica.StartAsync(source, copies, options);
            replica.Show(parsed.GetValue(json));
            if (verifyInterval is { } interval)
            {
                replica.VerifyEvery(interval, settings.GetVerifyOptions(parsed), textForm);
            }

            if (parsed.GetValue(untilLive))
            {
                await replica.WaitUntilInStepAsync(cancellationToken);
            }
            else
            {
                await replica.UnlessItFails(Interruption.WaitAsync(cancellationToken));
            }

            return ExitCode.Done;
        });
        return command;
    }
}
