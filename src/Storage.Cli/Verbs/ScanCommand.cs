using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Cli.Transfer;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage scan</c></summary>
internal static class ScanCommand
{
    public static Command Create()
    {
        Option<long?> limit = NumberOption.CreateOptional<long>("--limit", "The most rows to print.");
        var reverse = new Option<bool>("--reverse") { Description = "From the last key to the first." };
        var keysOnly = new Option<bool>("--keys-only") { Description = "Leave the values out." };
        var json = new Option<bool>("--json") { Description = "Print JSON lines, which `wsstorage import` reads." };
        var range = new RangeOptions();
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command(
            "scan",
            "Print keys and values in key order, all at one revision: lines of key, tab, value, with \\t, \\n, \\r, \\\\ and \\xNN for what would spoil a line.")
        {
            limit,
            reverse,
            keysOnly,
            json,
        };
        range.AddTo(command);
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextForm textForm = form.Get(parsed);
            bool asJson = parsed.GetValue(json);
            var options = new ScanOptions
            {
                Range = range.Get(parsed, textForm),
                Limit = parsed.GetValue(limit) ?? long.MaxValue,
                Reverse = parsed.GetValue(reverse),
                KeysOnly = parsed.GetValue(keysOnly),
            };
            options.Validate();
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Read, cancellationToken);
            await PrintAsync(storage, options, asJson, textForm, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task PrintAsync(
        IStorage storage, ScanOptions options, bool json, TextForm form, CancellationToken cancellationToken)
    {
        await using var output = new StandardOutput();
        using var lines = new JsonLinesWriter(output.Buffer);
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken))
        {
            foreach (ScanPage.Row row in page)
            {
                if (json)
                {
                    lines.Write(row, options.KeysOnly);
                    continue;
                }

                form.WriteField(output.Buffer, row.Key.Span);
                if (!options.KeysOnly)
                {
                    output.Write("\t"u8);
                    form.WriteField(output.Buffer, row.Value.Span);
                }

                output.Write("\n"u8);
            }

            await output.FlushAsync();
        }
    }
}
