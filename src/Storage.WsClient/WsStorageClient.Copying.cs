using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>What compares the store with another, and what copies it whole.</summary>
public sealed partial class WsStorageClient
{
    /// <inheritdoc/>
    /// <remarks>
    /// The server hashes; only the hashes travel. Like a scan, a walk that is being read does not outlive its connection:
    /// it fails with <see cref="StorageErrorCode.ConnectionLost"/>.
    /// </remarks>
    public IAsyncEnumerable<RangeHash> HashRangesAsync(RangeHashOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        return RemoteRangeHash.ReadAsync(_queue, _options, options, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Sent again if its connection is lost before the answer: then there may be one checkpoint more, which goes when its time is
    /// over.
    /// </remarks>
    public ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<CheckpointInfo>(cancellationToken);
        }

        return new PendingCheckpointCreate().Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Sent again if its connection is lost before the answer. The server reads one piece after the other, so each should be
    /// asked for only a few before its turn: the time that an operation may take counts from its call. Nothing here compares the
    /// piece with its hash.
    /// </remarks>
    public ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default)
    {
        var message = new CheckpointReadRequest(checkpoint, file, offset, length);
        message.Check();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<CheckpointPiece>(cancellationToken);
        }

        var request = new PendingCheckpointRead(length);
        request.Encode(message);
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Sent again if its connection is lost before the answer.</remarks>
    public async ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new PendingCheckpointRelease();
        request.Encode(new CheckpointReleaseRequest(checkpoint));
        await request.Start(_queue, cancellationToken).ConfigureAwait(false);
    }
}
