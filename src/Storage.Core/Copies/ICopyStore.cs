namespace WsStorage.Core.Copies;

/// <summary>
/// Where a replica keeps its copy, and builds the next one beside it. What it holds survives the death of the process, as far as
/// the engine does. Its members are to be called one after the other. Disposing of it closes both copies.
/// </summary>
public interface ICopyStore : IAsyncDisposable
{
    /// <summary>The copy that is read: whole, open; none before the first was promoted.</summary>
    ICopy? Current { get; }

    /// <summary>The copy that is being built, perhaps by an earlier process; none while none is.</summary>
    ICopy? Next { get; }

    /// <summary>Begins the next copy, empty, in the place of one that is being built.</summary>
    /// <param name="ranges">The keys to copy; empty for all.</param>
    /// <param name="start">The source's position that its history begins at.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The copy, which is <see cref="Next"/> now.</returns>
    /// <exception cref="StorageException">The disk, as for a storage that is opened.</exception>
    ValueTask<ICopy> BeginAsync(IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default);

    /// <summary>Drops the copy that is being built, and what is being received for one.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Completes when it is gone.</returns>
    ValueTask DropNextAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes <see cref="Next"/>, which is whole, the <see cref="Current"/> one: durably and in one step.</summary>
    /// <param name="cancellationToken">Ends the wait before the step.</param>
    /// <returns>The former current copy, still open, or null: whoever disposes of it drops its data.</returns>
    ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default);
}

/// <summary>A store of copies that can be made of the files of a <see cref="ICheckpointStorage"/>.</summary>
public interface ICheckpointCopyStore : ICopyStore
{
    /// <summary>What kind of files it takes (<see cref="CheckpointInfo.Format"/>).</summary>
    string CheckpointFormat { get; }

    /// <summary>The checkpoint whose files are being received, perhaps since an earlier process; none while none is.</summary>
    CheckpointReceipt? Receipt { get; }

    /// <summary>Begins to receive the files of a checkpoint, in the place of a copy that is being built.</summary>
    /// <param name="checkpoint">What it is made of.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The receipt, which is <see cref="Receipt"/> now.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: a file has a name that is none, or the
    /// format is another. <see cref="StorageErrorCode.DiskFull"/>: there is no room for it.</exception>
    ValueTask<CheckpointReceipt> BeginReceiptAsync(CheckpointInfo checkpoint, CancellationToken cancellationToken = default);

    /// <summary>Opens what was received, all of it, as the next copy, which is whole at once.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The copy, which is <see cref="ICopyStore.Next"/> now.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: something is missing.
    /// <see cref="StorageErrorCode.Corrupt"/>: it is not a store; the receipt is dropped.</exception>
    ValueTask<ICopy> CompleteReceiptAsync(CancellationToken cancellationToken = default);
}

/// <summary>The receipt of a checkpoint's files: what has arrived is written, and survives the death of the process.</summary>
public abstract class CheckpointReceipt
{
    /// <summary>What is received.</summary>
    public abstract CheckpointInfo Checkpoint { get; }

    /// <summary>How much of a file is there: what is to be written next.</summary>
    /// <param name="file">Which, by its place in <see cref="CheckpointInfo.Files"/>.</param>
    /// <returns>A number of bytes, the file's length when it is complete.</returns>
    public abstract long GetLength(int file);

    /// <summary>Adds a piece to a file.</summary>
    /// <param name="file">Which, by its place.</param>
    /// <param name="piece">What follows <see cref="GetLength"/>. It is checked against its hash.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when it is written.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Corrupt"/>: the hash differs; nothing is written.
    /// <see cref="StorageErrorCode.DiskFull"/>, <see cref="StorageErrorCode.IOError"/>.</exception>
    public abstract ValueTask WriteAsync(int file, CheckpointPiece piece, CancellationToken cancellationToken = default);
}
