using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage get KEY...</c></summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var keys = new Argument<string[]>("KEY")
        {
            Description = "The key. With several, all are read at one revision and printed as lines: key, tab, value.",
            Arity = ArgumentArity.OneOrMore,
        };
        var store = new StoreOptions();
        var form = new TextFormOptions();
        var command = new Command("get", "Print the value of a key: its exact bytes into a pipe or a file, a line to a terminal.") { keys };
        store.AddTo(command);
        form.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextForm textForm = form.Get(parsed);
            byte[][] wanted = [.. parsed.GetValue(keys)!.Select(key => textForm.Parse("key", key))];
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Read, cancellationToken);
            GetManyResult result = await storage.GetManyAsync(
                [.. wanted.Select(key => new ReadOnlyMemory<byte>(key))], cancellationToken);
            await using var output = new StandardOutput();
            if (wanted.Length == 1)
            {
                WriteOne(output, textForm, result.Values[0]);
            }
            else
            {
                WriteLines(output, textForm, wanted, result.Values);
            }

            await output.FlushAsync();
            return ReportMissing(parsed.GetValue(keys)!, result);
        });
        return command;
    }

    private static void WriteOne(StandardOutput output, TextForm form, byte[]? value)
    {
        if (value is null)
        {
            return;
        }

        if (form != TextForm.Utf8)
        {
            form.WriteField(output.Buffer, value);
            output.Write("\n"u8);
        }
        else if (StandardOutput.IsTerminal)
        {
            TextForms.WriteEscaped(output.Buffer, value, keepLineEnds: true);
            output.Write("\n"u8);
        }
        else
        {
            output.Write(value);
        }
    }

    private static void WriteLines(StandardOutput output, TextForm form, byte[][] keys, byte[]?[] values)
    {
        foreach ((byte[] key, byte[]? value) in keys.Zip(values))
        {
            if (value is not null)
            {
                form.WriteField(output.Buffer, key);
                output.Write("\t"u8);
                form.WriteField(output.Buffer, value);
                output.Write("\n"u8);
            }
        }
    }

    private static int ReportMissing(string[] keys, GetManyResult result)
    {
        int code = ExitCode.Done;
        foreach ((string key, byte[]? value) in keys.Zip(result.Values))
        {
            if (value is null)
            {
                Failure.Say($"there is no key '{key}' at revision {result.Revision}.");
                code = ExitCode.NotFound;
            }
        }

        return code;
    }
}
