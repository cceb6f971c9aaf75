using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Demo;
using WsStorage.Cli.Replicas;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Core.Copies;
using WsStorage.Replica;

namespace WsStorage.Cli.Verbs;

/// <summary>The replica of <c>wsstorage demo</c>, which starts it: follows until a line on stdin, then compares itself with its
/// source.</summary>
internal static class DemoReplicaCommand
{
    public const string Name = "demo-replica";

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var data = new Option<string>("--data") { Required = true };
        var store = new StoreOptions(servedOnly: true);
        var command = new Command(Name, "The replica of `wsstorage demo`.") { Hidden = true };
        command.Add(data);
        store.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            // Ctrl-C reaches all processes; the demo tells this one when to end, through its stdin.
            Interruption.LeavesTerminalToParent = true;
            string directory = parsed.GetValue(data)!;
            using ILoggerFactory logging = Logging.Create(parsed);
            await using IStorage source = store.OpenPatiently(parsed, StoreAccess.Read, quiet: true);
            await using ICopyStore copies = Engines.OpenCopies(directory, StoreAccess.Create, DurabilityOption.OfCopies, logging);
            await using var replica = ReplicaStorage.Open(
                source, copies, new ReplicaOptions { Name = ReplicaSettings.DefaultName(directory), LoggerFactory = logging });
            await FollowAsync(replica, Task.Run(Console.In.ReadLine, CancellationToken.None));
            ReplicaReport report = await FinishAsync(source, replica);
            Console.WriteLine(report.ToLine());
            return report.Digest is null ? ExitCode.NotFound : ExitCode.Done;
        });
        return command;
    }

    private static async Task FollowAsync(ReplicaStorage replica, Task until)
    {
        using var timer = new PeriodicTimer(ReportInterval);
        while (!until.IsCompleted)
        {
            Console.WriteLine(Report(replica).ToLine());
            await timer.WaitForNextTickAsync();
        }
    }

    private static ReplicaReport Report(ReplicaStorage replica)
    {
        ReplicaStatus status = replica.Status;
        return new ReplicaReport
        {
            Revision = status.IsReadable ? status.Revision.Value : 0,
            Lag = status.RevisionLag,
            Phase = StatusText.Name(status.Phase),
        };
    }

    private static async Task<ReplicaReport> FinishAsync(IStorage source, ReplicaStorage replica)
    {
        try
        {
            Revision revision = (await source.GetInfoAsync()).Revision;
            await replica.WaitForAsync(revision).AsTask().WaitAsync(Patience);
            VerifyResult compared = await replica.VerifyAsync();
            return Report(replica) with
            {
                Digest = await StoreDigest.ComputeAsync(replica, CancellationToken.None),
                Position = (await replica.GetInfoAsync()).Position.ToString(),
                Compared = compared.Rows,
                Hashes = compared.Hashes,
                Differences = compared.Differences,
            };
        }
        catch (TimeoutException)
        {
            return Report(replica) with { Failure = $"the replica did not come to where its source is within {Patience.TotalSeconds:0} s" };
        }
        catch (StorageException exception)
        {
            return Report(replica) with { Failure = $"the replica could not be compared with its source: {exception.Message.TrimEnd('.')}" };
        }
    }
}
