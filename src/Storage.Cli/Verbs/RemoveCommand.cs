using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage remove KEY...</c></summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        var keys = new Argument<string[]>("KEY")
        {
            Description = "The keys, present or not.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var prefix = new Option<string?>("--prefix") { Description = "Remove every key that begins with this.", HelpName = "TEXT" };
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command("remove", "Remove keys, all in one atomic batch.") { keys, prefix };
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextForm textForm = form.Get(parsed);
            var batch = new WriteBatch();
            foreach (string key in parsed.GetValue(keys)!)
            {
                batch.Remove(textForm.Parse("key", key));
            }

            if (parsed.GetValue(prefix) is { } text)
            {
                // An empty prefix is more likely an unset variable in a script than the wish to empty the store.
                batch.RemoveRange(text.Length > 0
                    ? KeyRange.Prefix(textForm.Parse("prefix", text))
                    : throw new UsageException("The prefix is empty, which would remove every key; give at least one character."));
            }

            if (batch.Count == 0)
            {
                throw new UsageException("Give at least one key, or --prefix.");
            }

            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Change, cancellationToken);
            await storage.WriteAsync(batch, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
