using WsStorage.Replica.Serving;

namespace WsStorage.Replica;

/// <content>What every storage does.</content>
public sealed partial class ReplicaStorage : IBatchStorage, IRangeHashStorage, ICheckpointStorage
{
    /// <inheritdoc/>
    public async ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        // First: the copy that then says its position is at least as new.
        TimeSpan staleness = _parts.Meter.Staleness ?? TimeSpan.MaxValue;
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        StorageInfo info = await lease.Copy.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        StorageInfo? source = _parts.Meter.Source;
        return info with
        {
            Engine = source is null ? "replica" : $"replica of {source.Engine}",

            // Writes are the source's.
            IsReadOnly = source?.IsReadOnly ?? false,
            Limits = source?.Limits ?? info.Limits,
            Staleness = staleness,
        };
    }

    /// <inheritdoc/>
    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        return await lease.Copy.GetAsync(key, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        return await lease.Copy.GetManyAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads keys of the copy at once (<see cref="IBatchStorage.ReadMany"/>); never waits.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="receiver">Called once for each.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotReady"/>: there is no whole copy yet.</exception>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        using CopyLease lease = _parts.Leases.TryAcquire() ?? throw CopyLeases.NotReady(_parts.Options.Name);
        lease.Copy.ReadMany(keys, receiver);
    }

    /// <summary>Has the source apply a batch, and waits until the copy has it
    /// (<see cref="ReplicaOptions.ReadYourWrites"/>).</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>What the source answered.</returns>
    /// <exception cref="StorageException">As the source's; and <see cref="StorageErrorCode.Timeout"/> with
    /// <see cref="WriteOutcome.Applied"/>: it was applied, and the copy did not get it in time.</exception>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        _parts.Leases.CheckOpen();
        return _writes.WriteAsync(batch, cancellationToken);
    }

    /// <summary>Has the source apply independent batches in their order (<see cref="IBatchStorage.WriteManyAsync"/>), and waits until
    /// the copy has them.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="results">One for each.</param>
    /// <param name="cancellationToken">Ends the wait, not the writes.</param>
    /// <returns>Completes when all are done.</returns>
    /// <exception cref="StorageException">As for <see cref="WriteAsync"/>.</exception>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        _parts.Leases.CheckOpen();
        return _writes.WriteManyAsync(batches, results, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        _scans.RunAsync(options, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Goes on when the copy is replaced, after the last event that was told, if the new copy has that in its history. A
    /// position that the source has and the replica not yet is waited for.</remarks>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        _watches.RunAsync(options, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The copy keeps its own history. A follower that is ahead of it, having come from another replica, has what the copy
    /// has by now kept.</remarks>
    public async ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        Revision own = lease.Copy.State.Position.Revision;
        await lease.Copy.KeepHistoryAsync(follower, after < own ? after : own, duration, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<RangeHash> HashRangesAsync(RangeHashOptions options, CancellationToken cancellationToken = default) =>
        _scans.HashAsync(options, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        return await ToCheckpoints(lease).CreateCheckpointAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<CheckpointPiece> ReadCheckpointAsync(
        Guid checkpoint, string file, long offset, int length, CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        return await ToCheckpoints(lease).ReadCheckpointAsync(checkpoint, file, offset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseCheckpointAsync(Guid checkpoint, CancellationToken cancellationToken = default)
    {
        using CopyLease lease = await _parts.Leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await ToCheckpoints(lease).ReleaseCheckpointAsync(checkpoint, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops to follow. Reads, scans and watches that go on are refused with <see cref="StorageErrorCode.Closed"/>; source
    /// and copies stay open.</summary>
    /// <returns>Completes when nothing uses them any more.</returns>
    public ValueTask DisposeAsync() => new(_closed.Value);

    private static ICheckpointStorage ToCheckpoints(CopyLease lease) => lease.Copy as ICheckpointStorage ?? throw new StorageException(
        StorageErrorCode.Unsupported, "The replica's copy is kept in no files that could be handed out. Read its rows.");
}
