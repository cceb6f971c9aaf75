using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Cli.Transfer;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage export</c></summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Where to write; - for stdout.", DefaultValueFactory = _ => "-" };
        Option<TransferFormat?> format = TransferFormats.CreateOption(
            "jsonl for lines of JSON, or binary [default: binary for a FILE.wsx, else jsonl].");
        var range = new RangeOptions();
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command("export", "Write a store, or a range of it, to a file, all at one revision.") { file, format };
        range.AddTo(command);
        form.AddTo(command);
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(file)!;
            TransferFormat chosen = parsed.GetValue(format) ?? TransferFormats.OfFile(path);
            bool toOutput = path.Equals("-", StringComparison.Ordinal);
            if (toOutput && chosen == TransferFormat.Binary && StandardOutput.IsTerminal)
            {
                throw new UsageException("The binary form is not for a terminal; name a file, or send the output into one.");
            }

            var options = new ScanOptions { Range = range.Get(parsed, form.Get(parsed)), PageBytes = 256 * 1024 };
            options.Validate();
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Read, cancellationToken);
            await using ExportTarget target = ExportTarget.Open(path, toOutput);
            var exporter = new Exporter(storage, chosen, target);
            await exporter.RunAsync(options, cancellationToken);
            await target.CommitAsync();
            Console.Error.WriteLine($"Exported {exporter.Rows:N0} rows at revision {exporter.Revision}.");
            return ExitCode.Done;
        });
        return command;
    }
}
