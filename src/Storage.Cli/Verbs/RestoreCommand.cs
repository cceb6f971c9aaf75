using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.RocksDb;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage restore CHECKPOINT</c></summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("CHECKPOINT") { Description = "The directory that `wsstorage checkpoint` made; not changed." };
        var data = new Option<string?>("--data") { Description = "Where the store is to be: a directory that is missing or empty.", HelpName = "DIR" };
        var command = new Command("restore", "Make a new store, with an epoch of its own, of a checkpoint.") { source, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Not from the environment: who restores says where to, lest it be the store that is in use.
            string directory = parsed.GetValue(data) ?? throw new UsageException("Give --data DIR: where the store is to be.");
            await RocksDbStorage.RestoreAsync(parsed.GetValue(source)!, directory, cancellationToken);
            await using RocksDbStorage storage = Engines.OpenDirectory(directory, StoreAccess.Read, Durability.Synced, Logging.Create(parsed));
            StorageInfo info = await storage.GetInfoAsync(cancellationToken);
            Console.WriteLine($"{directory} is a store at revision {info.Revision}, epoch {info.Epoch}.");
            return ExitCode.Done;
        });
        return command;
    }
}
