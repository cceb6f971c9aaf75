using WsStorage.RocksDb.Checkpoints;

namespace WsStorage.RocksDb;

/// <content>Checkpoints: backups in a directory, and those whose files are handed out.</content>
public sealed partial class RocksDbStorage : ICheckpointStorage
{
    private readonly PinnedCheckpoints? _checkpoints;

    /// <summary>Makes an online backup: a directory that holds the store as it is, its unchanging files by hard links where
    /// the file system allows. Reads and writes go on meanwhile.</summary>
    /// <param name="directory">Where; it must not exist, but its parent must.</param>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    /// <returns>Completes when the checkpoint is complete and durable. It holds every write acknowledged before the
    /// call.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the directory exists, or its parent
    /// does not. <see cref="StorageErrorCode.ReadOnly"/>, <see cref="StorageErrorCode.DiskFull"/>,
    /// <see cref="StorageErrorCode.IOError"/>, <see cref="StorageErrorCode.Closed"/>.</exception>
    public async ValueTask CreateCheckpointAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        await RunAsync(
            _ =>
            {
                DatabaseCheckpoint.Create(_database, directory);
                Log.CheckpointMade(_logger, _directory, directory);
                return true;
            },
            checkWrites: true,
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// It lies in the store's directory, <c>wsstorage.checkpoints</c>, as hard links: it takes hardly any room at first. What it
    /// shares with the store stays on the disk, though compaction has replaced it, until the checkpoint is released or is not
    /// read for <see cref="RocksDbOptions.CheckpointRetention"/>.
    /// </remarks>
    public async ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default) =>
        await RunAsync(
            checkpoints =>
            {
                if (_copy?.State.Load is not null)
                {
                    throw new StorageException(
                        StorageErrorCode.NotReady, $"The store in {_directory} is a replica's copy that is being loaded: it does not have all rows. Ask again when it is complete.");
                }

                // What is committed now is in it; what is committed while it is made may be.
                CheckpointInfo made = checkpoints.Create(_database, _position.Current);
                Log.CheckpointMade(_logger, _directory, made.Id.ToString("D"));
                if (cancellationToken.IsCancellationRequested)
                {
                    // Nobody waits for it, so nobody will release it.
                    checkpoints.Release(made.Id);
                }

                return made;
            },
            checkWrites: true,
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default) =>
        RunAsync(checkpoints => checkpoints.Read(checkpoint, file, offset, length), checkWrites: false, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default) =>
        await RunAsync(
            checkpoints =>
            {
                checkpoints.Release(checkpoint);
                return true;
            },
            checkWrites: false,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Runs what waits for the disk, off the caller's thread.</summary>
    /// <param name="work">What; given the checkpoints of the store.</param>
    /// <param name="checkWrites">Whether a store that takes no more writes refuses it.</param>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    private async ValueTask<T> RunAsync<T>(
        Func<PinnedCheckpoints, T> work, bool checkWrites, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PinnedCheckpoints checkpoints = _checkpoints
            ?? throw new StorageException(StorageErrorCode.ReadOnly, $"The store in {_directory} is open for reading only: it has no checkpoints.");
        if (checkWrites)
        {
            _pipeline!.ThrowIfStopped();
        }

        _gate.Enter();
        Task<T> running = Task.Run(
            () =>
            {
                try
                {
                    return work(checkpoints);
                }
                finally
                {
                    _gate.Exit();
                }
            },
            CancellationToken.None);
        return await running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
