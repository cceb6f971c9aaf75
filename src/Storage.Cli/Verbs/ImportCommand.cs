using System.CommandLine;
using System.IO.Pipelines;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Transfer;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage import</c></summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "What to read, in either form of `wsstorage export`; - for stdin.", DefaultValueFactory = _ => "-" };
        var store = new StoreOptions();
        var command = new Command("import", "Put every row of an export into a store, in atomic batches; other keys stay as they are.") { file };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(file)!;
            await using Stream input = path.Equals("-", StringComparison.Ordinal) ? StandardInput.Open() : OpenFile(path);
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Create, cancellationToken);
            StorageInfo info = await storage.GetInfoAsync(cancellationToken);
            PipeReader pipe = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 128 * 1024));
            var importer = new Importer(
                storage, await ChooseReaderAsync(pipe, info.Limits, cancellationToken), Importer.BatchBytesFor(info.Limits));
            await ImportAsync(importer, path, input.CanSeek ? input.Length : 0, cancellationToken);
            Console.Error.WriteLine($"Imported {importer.Rows:N0} rows.");
            return ExitCode.Done;
        });
        return command;
    }

    private static FileStream OpenFile(string path) => new(
        path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Options = FileOptions.SequentialScan | FileOptions.Asynchronous, BufferSize = 0 });

    private static async ValueTask<IRowReader> ChooseReaderAsync(PipeReader pipe, StorageLimits limits, CancellationToken cancellationToken)
    {
        ReadResult first = await pipe.ReadAtLeastAsync(1, cancellationToken);
        bool binary = !first.Buffer.IsEmpty && first.Buffer.FirstSpan[0] == BinaryFormat.Magic[0];
        pipe.AdvanceTo(first.Buffer.Start);
        return binary ? new BinaryRowReader(pipe, limits) : new JsonRowReader(pipe, limits);
    }

    private static async Task ImportAsync(Importer importer, string path, long inputBytes, CancellationToken cancellationToken)
    {
        string Applied() => $"{importer.Rows:N0} rows before it were applied";
        try
        {
            await TransferProgress.RunAsync(
                "Importing", inputBytes, report => importer.RunAsync((rows, bytes) => report(bytes, rows), cancellationToken));
        }
        catch (MalformedInputException exception)
        {
            string name = path.Equals("-", StringComparison.Ordinal) ? "stdin" : path;
            throw new MalformedInputException($"{name}, {exception.Message}; {Applied()}.");
        }
        catch (StorageException exception)
        {
            throw new StorageException(
                exception.Code, $"{exception.Message} Before that, {importer.Rows:N0} rows were applied.", exception.Outcome, exception);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Failure.Say($"{importer.Rows:N0} rows were applied.");
            throw;
        }
    }
}
