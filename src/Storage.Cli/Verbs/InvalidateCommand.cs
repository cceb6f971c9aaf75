using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Text;
using WsStorage.WsClient;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage invalidate</c></summary>
internal static class InvalidateCommand
{
    public static Command Create()
    {
        var keys = new Argument<string[]>("KEY") { Description = "The keys, present or not.", Arity = ArgumentArity.ZeroOrMore };
        var prefix = new Option<string?>("--prefix") { Description = "Every key that begins with this.", HelpName = "TEXT" };
        var all = new Option<bool>("--all") { Description = "Every key." };
        var store = new StoreOptions(servedOnly: true);
        var form = new TextFormOptions();
        var command = new Command(
            "invalidate",
            "Make those who watch a served store with invalidations look again at keys, though nothing has changed; print how many watches were told.")
        {
            keys,
            prefix,
            all,
        };
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextForm textForm = form.Get(parsed);
            List<KeyRange> ranges = [.. parsed.GetValue(keys)!.Select(key => KeyRange.Single(textForm.Parse("key", key)))];
            if (parsed.GetValue(prefix) is { } text)
            {
                // As for remove: an empty prefix is more likely an unset variable than a wish.
                ranges.Add(text.Length > 0
                    ? KeyRange.Prefix(textForm.Parse("prefix", text))
                    : throw new UsageException("The prefix is empty, which would mean every key; say so with --all."));
            }

            if ((ranges.Count == 0) != parsed.GetValue(all))
            {
                throw new UsageException("Give keys, --prefix, or --all for every key.");
            }

            await using WsStorageClient client = await store.ConnectAsync(parsed, cancellationToken);
            int told = await client.InvalidateAsync(ranges.Count == 0 ? [KeyRange.All] : ranges, cancellationToken);
            Console.WriteLine(told == 1 ? "Told 1 watch." : $"Told {told} watches.");
            return ExitCode.Done;
        });
        return command;
    }
}
