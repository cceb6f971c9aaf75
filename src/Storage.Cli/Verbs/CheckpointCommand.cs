using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.RocksDb;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage checkpoint DIR</c></summary>
internal static class CheckpointCommand
{
    public static Command Create()
    {
        var target = new Argument<string>("TARGET") { Description = "The directory to make; it must not exist, but its parent must." };
        var data = new Option<string?>("--data") { Description = "The directory of the store.", HelpName = "DIR" };
        var command = new Command(
            "checkpoint",
            "Make a backup of a store on this machine: a directory that shares its unchanging files by hard links. While the store is served, `wsstorage export` makes one.")
        {
            target,
            data,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string directory = parsed.GetValue(data) ?? EnvironmentVariables.Get(EnvironmentVariables.Data)
                ?? throw new UsageException("Give --data DIR: the directory of the store.");
            string checkpoint = parsed.GetValue(target)!;
            await using RocksDbStorage storage = Engines.OpenDirectory(directory, StoreAccess.Change, Durability.Synced, Logging.Create(parsed));
            await storage.CreateCheckpointAsync(checkpoint, cancellationToken);
            StorageInfo info = await storage.GetInfoAsync(cancellationToken);
            Console.WriteLine($"{checkpoint} holds {directory} at revision {info.Revision}.");
            return ExitCode.Done;
        });
        return command;
    }
}
