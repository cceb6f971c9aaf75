using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage put KEY VALUE</c></summary>
internal static class PutCommand
{
    public static Command Create()
    {
        var key = new Argument<string>("KEY") { Description = "The key." };
        var value = new Argument<string?>("VALUE")
        {
            Description = "The value, or - to read its exact bytes from stdin.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Option<string?>("--file") { Description = "Read the value's exact bytes from a file.", HelpName = "FILE" };
        var ifAbsent = new Option<bool>("--if-absent") { Description = "Change nothing, and exit with 1, when the key is present." };
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command("put", "Set a key to a value.") { key, value, file, ifAbsent };
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextForm textForm = form.Get(parsed);
            byte[] keyBytes = textForm.Parse("key", parsed.GetValue(key)!);
            byte[] bytes = await ReadValueAsync(parsed.GetValue(value), parsed.GetValue(file), textForm, cancellationToken);
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Create, cancellationToken);
            if (!parsed.GetValue(ifAbsent))
            {
                await storage.PutAsync(keyBytes, bytes, cancellationToken);
                return ExitCode.Done;
            }

            if (await storage.TryAddAsync(keyBytes, bytes, cancellationToken))
            {
                return ExitCode.Done;
            }

            Failure.Say($"the key '{parsed.GetValue(key)}' is present; nothing was changed.");
            return ExitCode.NotFound;
        });
        return command;
    }

    private static async ValueTask<byte[]> ReadValueAsync(string? value, string? file, TextForm form, CancellationToken cancellationToken)
    {
        if ((value is null) == (file is null))
        {
            throw new UsageException("Give the value, or - to read it from stdin, or --file FILE: one of these.");
        }

        if (file is not null)
        {
            return await File.ReadAllBytesAsync(file, cancellationToken);
        }

        if (!value!.Equals("-", StringComparison.Ordinal))
        {
            return form.Parse("value", value);
        }

        using var bytes = new MemoryStream();
        await using StandardInput input = StandardInput.Open();
        await input.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }
}
