using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;
using WsStorage.Replica.Following;
using WsStorage.Replica.Reporting;

namespace WsStorage.Replica.Loading;

/// <summary>
/// Makes a copy of the files of a checkpoint of the source, from where it was interrupted: reads pieces some of them ahead, and
/// writes each where it belongs.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="copies">Where the copy is kept.</param>
/// <param name="options">Whether files are wanted.</param>
/// <param name="keeper">Has the source keep the history after the checkpoint.</param>
/// <param name="board">Hears how far it is.</param>
/// <param name="logger">Hears why it can't be done.</param>
internal sealed class FileLoader(
    IStorage source, ICopyStore copies, ReplicaOptions options, HistoryKeeper keeper, StatusBoard board, ILogger logger)
{
    // Held in memory at the most: as many pieces as are read ahead. A piece is no large object for the collector of either side,
    // which would give it fresh memory each time.
    private const int PieceBytes = 80 * 1024;
    private const int PiecesAhead = 48;

    private readonly ICheckpointStorage? _source = source as ICheckpointStorage;
    private readonly ICheckpointCopyStore? _copies = copies as ICheckpointCopyStore;

    /// <summary>The receipt of an earlier attempt; none when there is none.</summary>
    public CheckpointReceipt? Receipt => _copies?.Receipt;

    /// <summary>Begins a receipt, if a copy is to be made of files.</summary>
    /// <param name="info">What the source said of itself.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Whether it has begun; rows are to be read otherwise.</returns>
    /// <exception cref="StorageException">Files are demanded and can't be had; or something failed.</exception>
    public async Task<bool> TryBeginAsync(StorageInfo info, CancellationToken cancellationToken)
    {
        if (options.Bootstrap == BootstrapMode.Rows
            || (options.Bootstrap == BootstrapMode.Auto && (options.Ranges.Count > 0 || info.ApproximateBytes < options.MinFilesBytes)))
        {
            return false;
        }

        if (_source is null || _copies is null)
        {
            string what = _source is null ? "the source hands out no files" : "this store of copies takes no files";
            return Refuse(new StorageException(StorageErrorCode.Unsupported, $"A copy can't be made of files: {what}."));
        }

        // Held before the checkpoint is made, so that what comes after it is not gone meanwhile.
        await keeper.KeepAsync(info.Revision, cancellationToken).ConfigureAwait(false);
        CheckpointInfo checkpoint;
        try
        {
            checkpoint = await _source.CreateCheckpointAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Code is StorageErrorCode.Unsupported or StorageErrorCode.LimitExceeded)
        {
            return Refuse(exception);
        }

        if (!checkpoint.Format.Equals(_copies.CheckpointFormat, StringComparison.Ordinal))
        {
            await ReleaseAsync(checkpoint, cancellationToken).ConfigureAwait(false);
            return Refuse(new StorageException(
                StorageErrorCode.Unsupported,
                $"A copy can't be made of files: the source's are of the format {checkpoint.Format}, and this store of copies takes {_copies.CheckpointFormat}."));
        }

        try
        {
            await _copies.BeginReceiptAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception)
        {
            // Each attempt would leave one more at the source, with all the room that it takes.
            await ReleaseAsync(checkpoint, cancellationToken).ConfigureAwait(false);
            if (exception.Code == StorageErrorCode.InvalidArgument)
            {
                return Refuse(exception);
            }

            throw;
        }

        Log.Begins(logger, options.Name, info.Engine, BootstrapKind.Files, checkpoint.Position);
        return true;
    }

    /// <summary>Receives what is missing, and opens the copy.</summary>
    /// <param name="progressed">Called after each piece.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <returns>The copy, which is whole.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>: the checkpoint is not there any more.
    /// <see cref="StorageErrorCode.Corrupt"/>: what was received is no store. <see cref="StorageErrorCode.Compacted"/>: the history
    /// after it is gone.</exception>
    public async Task<ICopy> LoadAsync(Action progressed, CancellationToken cancellationToken)
    {
        CheckpointReceipt receipt = Receipt!;
        CheckpointInfo checkpoint = receipt.Checkpoint;
        if (_source is null)
        {
            throw new StorageException(StorageErrorCode.NotFound, "The source hands out no files any more, so a copy that was being made of them can't go on.");
        }

        await keeper.KeepAsync(checkpoint.Position.Revision, cancellationToken).ConfigureAwait(false);
        long bytes = Enumerable.Range(0, checkpoint.Files.Count).Sum(receipt.GetLength);
        board.Load.Begin(0, bytes, expectedRows: null, checkpoint.ByteCount);
        try
        {
            await ReceiveAsync(receipt, bytes, progressed, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            board.Load.End();
        }

        ICopy copy = await _copies!.CompleteReceiptAsync(cancellationToken).ConfigureAwait(false);
        await ReleaseAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        return copy;
    }

    /// <summary>Lets the source drop a checkpoint; it does so by itself after a time if that fails.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task ReleaseAsync(CheckpointInfo checkpoint, CancellationToken cancellationToken)
    {
        if (_source is null)
        {
            return;
        }

        try
        {
            await _source.ReleaseCheckpointAsync(checkpoint.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception)
        {
            Log.NotReleased(logger, options.Name, exception.Message);
        }
    }

    private static IEnumerable<Piece> Missing(CheckpointReceipt receipt)
    {
        for (int i = 0; i < receipt.Checkpoint.Files.Count; i++)
        {
            CheckpointFile file = receipt.Checkpoint.Files[i];
            for (long offset = receipt.GetLength(i); offset < file.Length; offset += PieceBytes)
            {
                yield return new Piece(i, file.Name, offset, (int)Math.Min(PieceBytes, file.Length - offset));
            }
        }
    }

    private async Task ReceiveAsync(CheckpointReceipt receipt, long bytes, Action progressed, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Queue<(Piece Piece, Task<CheckpointPiece> Read)> ahead = new();
        try
        {
            foreach (Piece next in Missing(receipt))
            {
                ahead.Enqueue((next, _source!.ReadCheckpointAsync(receipt.Checkpoint.Id, next.Name, next.Offset, next.Length, stop.Token).AsTask()));
                if (ahead.Count == PiecesAhead)
                {
                    await WriteNextAsync().ConfigureAwait(false);
                }
            }

            while (ahead.Count > 0)
            {
                await WriteNextAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach ((_, Task<CheckpointPiece> read) in ahead)
            {
                await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        async Task WriteNextAsync()
        {
            (Piece piece, Task<CheckpointPiece> read) = ahead.Peek();
            CheckpointPiece received = await read.ConfigureAwait(false);
            ahead.Dequeue();
            if (received.Bytes.Length != piece.Length)
            {
                throw new StorageException(
                    StorageErrorCode.ProtocolError,
                    $"The source gave {received.Bytes.Length} bytes of the file {piece.Name} at {piece.Offset}, where {piece.Length} are due.");
            }

            await receipt.WriteAsync(piece.File, received, CancellationToken.None).ConfigureAwait(false);
            bytes += piece.Length;
            board.Load.Reach(0, bytes);
            board.TellSoon();
            progressed();
        }
    }

    private bool Refuse(StorageException reason)
    {
        if (options.Bootstrap == BootstrapMode.Files)
        {
            throw new StorageException(
                reason.Code,
                $"The replica {options.Name} is to be made of files, which can't be: {reason.Message} Give {nameof(BootstrapMode)}.{nameof(BootstrapMode.Auto)} to have rows read instead.",
                innerException: reason);
        }

        Log.RowsInstead(logger, options.Name, reason.Message);
        return false;
    }

    private readonly record struct Piece(int File, string Name, long Offset, int Length);
}
