using System.CommandLine;
using WsStorage.Cli.Replicas;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.WsClient;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage verify</c></summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The directory of the replica.", HelpName = "DIR" };
        var mend = new Option<bool>("--mend") { Description = "Correct rows that differ, and exit with 0 when all are corrected." };
        Option<string?> name = ReplicaSettings.CreateName();
        var range = new RangeOptions();
        var store = new StoreOptions(servedOnly: true);
        var form = new TextFormOptions();
        var command = new Command(
            "verify",
            "Compare a replica on this machine with its source, by hashes of ranges: lets it catch up, then prints that they are equal, or the first key that differs, and exits with 1. Reads rows only where hashes differ. A replica that is kept by `wsstorage replicate` verifies itself with --verify-every.")
        {
            data,
            mend,
            name,
        };
        range.AddTo(command);
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string directory = parsed.GetValue(data) ?? EnvironmentVariables.Get(EnvironmentVariables.Data)
                ?? throw new UsageException("Give --data DIR: the directory of the replica.");
            TextForm textForm = form.Get(parsed);
            var options = new VerifyOptions { Range = range.Get(parsed, textForm), Mend = parsed.GetValue(mend) };
            options.Validate();
            string replica = parsed.GetValue(name) ?? ReplicaSettings.DefaultName(Path.GetFullPath(directory));
            await using WsStorageClient source = await store.ConnectAsync(parsed, cancellationToken);
            await using ICopyStore copies = Engines.OpenCopies(directory, StoreAccess.Change, DurabilityOption.OfCopies, Logging.Create(parsed));
            return await CheckAsync(source, copies, replica, options, textForm, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CheckAsync(
        IStorage source, ICopyStore copies, string name, VerifyOptions options, TextForm form, CancellationToken cancellationToken)
    {
        await using var output = new StandardOutput();
        int code = ExitCode.NotFound;
        try
        {
            VerifyResult result = await new ReplicaCheck().RunAsync(source, copies, name, options, cancellationToken);
            output.WriteLine(VerifyText.Describe(result, form));
            code = VerifyText.IsRight(result) ? ExitCode.Done : ExitCode.NotFound;
        }
        catch (StorageException exception) when (exception.Code is StorageErrorCode.EpochChanged or StorageErrorCode.Diverged)
        {
            output.WriteLine($"different: {exception.Message}");
        }

        await output.FlushAsync();
        return code;
    }
}
