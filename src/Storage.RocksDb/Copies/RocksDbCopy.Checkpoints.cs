namespace WsStorage.RocksDb.Copies;

/// <content>The copy hands out its own files, for the replicas of a replica.</content>
public sealed partial class RocksDbCopy : ICheckpointStorage
{
    /// <inheritdoc/>
    public ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default) =>
        Storage.CreateCheckpointAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default) =>
        Storage.ReadCheckpointAsync(checkpoint, file, offset, length, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default) =>
        Storage.ReleaseCheckpointAsync(checkpoint, cancellationToken);
}
