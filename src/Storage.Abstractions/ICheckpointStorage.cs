namespace WsStorage;

/// <summary>
/// A storage that hands out its files as they are at one moment, for whoever keeps his data in the same kind of files: for a
/// large store that is faster than to read its rows.
/// </summary>
/// <remarks>
/// A checkpoint is pinned by the store until it is released, or until nobody has read from it for a while. It survives
/// reconnections, and restarts of the store. Thread-safe.
/// </remarks>
public interface ICheckpointStorage : IStorage
{
    /// <summary>Makes a checkpoint.</summary>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    /// <returns>What it is made of.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Unsupported"/>: the store has no files to hand out.
    /// <see cref="StorageErrorCode.LimitExceeded"/>: there are too many already. <see cref="StorageErrorCode.DiskFull"/> or
    /// <see cref="StorageErrorCode.IOError"/>.</exception>
    ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads a piece of one of its files.</summary>
    /// <param name="checkpoint">Which: <see cref="CheckpointInfo.Id"/>.</param>
    /// <param name="file">The name of the file.</param>
    /// <param name="offset">Where the piece begins, in bytes, at most the length of the file.</param>
    /// <param name="length">How many bytes, from 1 to <see cref="CheckpointInfo.MaxPieceBytes"/>; fewer at the end of the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The piece, owned by the receiver.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>: the checkpoint is not there any more, or has
    /// no such file. <see cref="StorageErrorCode.IOError"/>.</exception>
    ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default);

    /// <summary>Releases a checkpoint; one that is not there any more is no error.</summary>
    /// <param name="checkpoint">Which.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when its files are released.</returns>
    ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default);
}
