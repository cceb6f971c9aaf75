using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb;

/// <content>A store that is a copy of another, and is written only by what it takes over (<see cref="RocksDbCopy"/>).</content>
public sealed partial class RocksDbStorage
{
    private readonly CopyWriter? _copy;

    /// <summary>What the store takes over, if it is a copy.</summary>
    internal CopyWriter Copy => _copy ?? throw new InvalidOperationException("The store is no copy.");

    /// <summary>Opens a copy, or begins one.</summary>
    /// <param name="directory">The copy's directory.</param>
    /// <param name="options">How; checked.</param>
    /// <param name="begins">What the copy begins with; null to open one that is there.</param>
    /// <param name="logger">Where to log.</param>
    internal static RocksDbStorage OpenCopy(string directory, RocksDbOptions options, CopyBeginning? begins, ILogger logger) =>
        new(directory, options with { CreateIfMissing = begins is not null }, logger, new CopyOpening(begins));

    /// <summary>Whether it takes no writes since one failed.</summary>
    internal bool HasFailed => _pipeline?.Failure is not null;

    /// <summary>Refuses to close a copy that could hardly be opened again: what is in the write-ahead log becomes a file then.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.DiskFull"/>.</exception>
    internal void CheckRoomToReopen()
    {
        DiskSpace.CheckRoom(_directory, _options.WriteBufferBytes, "a copy that is opened again");
        DiskSpace.Check(_directory);
    }

    /// <summary><see cref="ICopy.LoadAsync"/>.</summary>
    internal ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load)
    {
        CopyWriter copy = Copy;
        return Pipeline().RunAsync(() => copy.Load(packedRows, load), CancellationToken.None);
    }

    /// <summary><see cref="ICopy.ApplyAsync"/>.</summary>
    internal ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches)
    {
        CopyWriter copy = Copy;
        return Pipeline().RunAsync(() => copy.Apply(batches.Span), CancellationToken.None);
    }

    /// <summary><see cref="ICopy.MendAsync"/>.</summary>
    internal ValueTask MendAsync(WriteBatch operations)
    {
        CopyWriter copy = Copy;
        return Pipeline().RunAsync(() => copy.Mend(operations), CancellationToken.None);
    }

    /// <summary>Takes note, durably, that the copy is whole.</summary>
    internal ValueTask EndLoadAsync() => Pipeline().RunAsync(Copy.EndLoad, CancellationToken.None);

    private CommitPipeline Writable()
    {
        if (_copy is null)
        {
            return Pipeline();
        }

        // One that was closed says so.
        _gate.Enter();
        _gate.Exit();
        throw new StorageException(
            StorageErrorCode.ReadOnly,
            $"The store in {_directory} is a replica's copy; write to its source, or through the replica.");
    }

    private CommitPipeline Pipeline() => _pipeline
        ?? throw new StorageException(StorageErrorCode.ReadOnly, $"The store in {_directory} is open for reading only.");
}
