using WsStorage.Core.Copies;
using WsStorage.RocksDb.Checkpoints;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.Receipts;

namespace WsStorage.RocksDb.Copies;

/// <content>Receives the files of a checkpoint, and makes them the next copy.</content>
public sealed partial class RocksDbCopyStore : ICheckpointCopyStore
{
    private FileReceipt? _receipt;

    /// <inheritdoc/>
    public string CheckpointFormat => PinnedCheckpoints.Format;

    /// <inheritdoc/>
    public CheckpointReceipt? Receipt => _receipt;

    /// <inheritdoc/>
    public async ValueTask<CheckpointReceipt> BeginReceiptAsync(
        CheckpointInfo checkpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        CheckpointInfo own = checkpoint with { Files = [.. checkpoint.Files] };
        ReceiptRules.Check(own);
        cancellationToken.ThrowIfCancellationRequested();
        await DropNextAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _receipt = await Task.Run(() => Begin(own), CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            _directory.DropReceipt();
            throw;
        }

        Log.ReceiptBegun(_logger, own.Id, own.Position, own.Files.Count, own.ByteCount);
        return _receipt;
    }

    /// <inheritdoc/>
    /// <remarks>Made of the files of a replica that has some ranges, it is a copy of the same ranges.</remarks>
    public async ValueTask<ICopy> CompleteReceiptAsync(CancellationToken cancellationToken = default)
    {
        FileReceipt receipt = _receipt
            ?? throw StorageException.InvalidArgument("No files are being received; begin a receipt.");
        cancellationToken.ThrowIfCancellationRequested();
        await receipt.CompleteAsync().ConfigureAwait(false);
        try
        {
            _next = await Task.Run(() => Place(receipt), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StorageException e) when (e.Code is not (StorageErrorCode.DiskFull or StorageErrorCode.IOError))
        {
            DropReceipt();
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"What was received of the checkpoint {receipt.Checkpoint.Id} is no store that could be followed, and was dropped: {e.Message} Begin again, or copy the rows.",
                WriteOutcome.NotApplied,
                e);
        }

        DropReceipt();
        Log.ReceiptComplete(_logger, receipt.Checkpoint.Id, _directory.PathOf(_next.Number), _next.State.Position);
        return _next;
    }

    private static void CheckPosition(Database database, Position announced)
    {
        // RocksDB drops a damaged end of its write-ahead log silently: then less is there than was promised.
        Revision revision = StoreRecovery.ReadPosition(database).Revision;
        if (StoreFacts.ReadEpoch(database) != announced.Epoch || revision < announced.Revision)
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The files hold revision {revision} of the epoch {StoreFacts.ReadEpoch(database)}, where {announced} was announced.");
        }
    }

    private FileReceipt Begin(CheckpointInfo checkpoint)
    {
        DiskSpace.CheckRoom(_directory.Root, checkpoint.ByteCount, $"the files of the checkpoint {checkpoint.Id}");
        return FileReceipt.Begin(_directory.ReceiptPath, checkpoint);
    }

    private RocksDbCopy Place(FileReceipt receipt)
    {
        using (Database database = DatabaseOpening.Open(receipt.FilesDirectory, _options with { CreateIfMissing = false }))
        {
            CheckPosition(database, receipt.Checkpoint.Position);
            CopyFacts.Adopt(database);
        }

        ulong number = _directory.NextNumber();
        _directory.Place(receipt.FilesDirectory, number);
        try
        {
            return OpenCopy(number, begins: null);
        }
        catch
        {
            _directory.Drop(number);
            throw;
        }
    }

    private void RecoverReceipt()
    {
        // Killed after its files had become the next copy, there is nothing more to receive.
        _receipt = _next is null ? FileReceipt.TryOpen(_directory.ReceiptPath) : null;
        if (_receipt is null)
        {
            _directory.DropReceipt();
        }
    }

    private void DropReceipt()
    {
        _receipt?.Dispose();
        _receipt = null;
        _directory.DropReceipt();
    }
}
