using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Cli.Watching;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage watch</c></summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var start = new WatchStart();
        var keysOnly = new Option<bool>("--keys-only") { Description = "Leave the values out." };
        var previous = new Option<bool>("--previous") { Description = "Add what each key held before, where the store keeps it (`serve --keep-previous`): null for nothing, left out for not known." };
        var invalidations = new Option<bool>("--invalidations") { Description = "Print what `wsstorage invalidate` tells, too." };
        var marks = new Option<bool>("--marks") { Description = "Print marks, too: where the watch begins, and how far it is complete when nothing happens." };
        Option<long?> limit = NumberOption.CreateOptional<long>("--limit", "End after so many lines.");
        var range = new RangeOptions();
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command(
            "watch",
            "Follow the changes of a store until Ctrl-C: a line of JSON for each committed batch, none twice and none left out, through restarts of the server and cut links. Of --data, a store on this machine that is opened for reading, it shows the history up to then and waits; follow a served one with --url.");
        range.AddTo(command);
        start.AddTo(command);
        command.Add(keysOnly);
        command.Add(previous);
        command.Add(invalidations);
        command.Add(marks);
        command.Add(limit);
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            long most = parsed.GetValue(limit) ?? long.MaxValue;
            if (most < 1)
            {
                throw new UsageException($"--limit is {most}; it must be at least 1.");
            }

            var options = new WatchOptions
            {
                Range = range.Get(parsed, form.Get(parsed)),
                KeysOnly = parsed.GetValue(keysOnly),
                PreviousValues = parsed.GetValue(previous),
                Invalidations = parsed.GetValue(invalidations),
            };
            options.Validate();
            start.Check(parsed);
            await using IStorage storage = store.OpenPatiently(parsed, StoreAccess.Read);
            options = options with { After = await start.FindAsync(parsed, storage, cancellationToken) };
            await PrintAsync(storage, options, parsed.GetValue(marks), most, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task PrintAsync(
        IStorage storage, WatchOptions options, bool marks, long limit, CancellationToken cancellationToken)
    {
        await using var output = new StandardOutput();
        using var lines = new EventWriter(output.Buffer, options.KeysOnly);
        await foreach (WatchEvent told in storage.WatchAsync(options, cancellationToken))
        {
            if (told.Kind == WatchEventKind.Progress && !marks)
            {
                continue;
            }

            // Each by itself: whoever reads the lines acts on them as they happen.
            lines.Write(told);
            await output.FlushAsync();
            if (--limit == 0)
            {
                break;
            }
        }
    }
}
