using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace WsStorage.Outbox;

/// <summary>
/// Takes writes into a local store at once, whether its target can be reached or not, and delivers them to the target in their
/// order, each once. Reads see the target with what is not delivered yet over it.
/// </summary>
/// <remarks>
/// <para>A write is acknowledged when the local store has it; its result is <see cref="WriteResult.Applied"/> at
/// <see cref="Revision.None"/>, because the target's revision is not known yet. Its preconditions are checked when it is
/// delivered, and <see cref="OutboxOptions.ResolveConflict"/> decides if one fails.</para>
/// <para>Each delivery moves on a marker at the target in the same batch, and demands that it is where the delivery before left
/// it. So a record is applied once and in order whatever was killed or cut, for as long as the marker is there.</para>
/// <para>The keys of what is pending are held in memory, the values are not. Thread-safe.</para>
/// </remarks>
public sealed class OutboxStorage : IStorage
{
    private readonly IStorage _target;
    private readonly LocalStore _local;
    private readonly PendingRecords _pending;
    private readonly OutboxOptions _options;
    private readonly Delivery _delivery;
    private readonly DeliveryState _state = new();
    private readonly OutboxReads _reads;
    private readonly OutboxMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _delivering;
    private readonly Guid _id;
    private int _disposed;

    private OutboxStorage(IStorage target, LocalStore local, PendingRecords pending, OutboxFacts facts, OutboxOptions options)
    {
        _target = target;
        _local = local;
        _pending = pending;
        _options = options;
        _id = facts.Id;
        _reads = new OutboxReads(target, local, pending);
        _delivery = new Delivery(target, local, pending, facts, _state, options);
        _metrics = new OutboxMetrics(_id, () => Status);
        Log.Opened(options.LoggerFactory.CreateLogger<OutboxStorage>(), _id, Status.Depth);
        _delivering = Task.Run(() => _delivery.RunAsync(_stop.Token));
    }

    /// <summary>How the outbox stands.</summary>
    public OutboxStatus Status
    {
        get
        {
            (OutboxState state, string? problem, long conflicts) = _state.Read();
            (int depth, long bytes, DateTimeOffset? oldest, long delivered) = _pending.Measure();
            TimeSpan? age = _options.TimeProvider.GetUtcNow() - oldest;
            return new OutboxStatus
            {
                Id = _id,
                State = state,
                Problem = problem,
                Depth = depth,
                Bytes = bytes,
                OldestAge = age < TimeSpan.Zero ? TimeSpan.Zero : age,
                AcceptedSequence = _pending.Accepted,
                DeliveredSequence = _pending.Delivered.Sequence,
                Delivered = delivered,
                Conflicts = conflicts,
            };
        }
    }

    /// <summary>Opens an outbox with what its local store holds, and begins to deliver. Does not wait for the target.</summary>
    /// <param name="local">Where records wait: a durable store that nobody else writes to. Stays the caller's, and open until the
    /// outbox is disposed of. A record must fit into one of its values.</param>
    /// <param name="target">Where they are delivered; stays the caller's.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The outbox.</returns>
    /// <exception cref="StorageException">The options contradict each other, or the local store failed or is damaged.</exception>
    public static async ValueTask<OutboxStorage> OpenAsync(
        IStorage local, IStorage target, OutboxOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new OutboxOptions();
        options.Validate();
        var store = new LocalStore(local);
        OutboxFacts facts = await store.OpenAsync(options.NewIdentity, cancellationToken).ConfigureAwait(false);
        StorageInfo info = await local.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        var pending = new PendingRecords(store, info.Limits, options);
        await pending.LoadAsync(facts.Delivered, cancellationToken).ConfigureAwait(false);
        return new OutboxStorage(target, store, pending, facts, options);
    }

    /// <summary>Waits until all that was accepted before is delivered.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when it is.</returns>
    /// <exception cref="StorageException">Delivery has stopped, or the outbox is disposed of; nothing is lost.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        await _pending.FlushAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Accepts a batch: it is durable here, and will be delivered after all that was accepted before it.</summary>
    /// <param name="batch">The batch; not to be changed until the returned task completes.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Applied, at <see cref="Revision.None"/>. A batch without operations and preconditions does nothing.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LimitExceeded"/>: the outbox is full.
    /// <see cref="StorageErrorCode.BatchTooLarge"/>, <see cref="StorageErrorCode.ValueTooLarge"/>: more than the local store, or
    /// the target where its limits are known, takes. Or what the local store said.</exception>
    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        if (batch.Count > 0 || batch.PreconditionCount > 0)
        {
            ulong link = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
            await _pending.SubmitAsync(batch, link).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return WriteResult.AppliedAt(Revision.None);
    }

    /// <summary>Reads one key: what is pending for it, or else what the target has.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value, or none; at <see cref="Revision.None"/> when it is pending, and then the target is not asked.</returns>
    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        Check(key, cancellationToken);
        return await _reads.GetAsync(key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads many keys: what is pending for them, and what the target has, as of one moment.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The values, at the target's revision, or <see cref="Revision.None"/> when all are pending and the target was not
    /// asked.</returns>
    public async ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            StorageLimits.CheckKey(key.Span);
        }

        return await _reads.GetManyAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads a range of the target at one revision, with what is pending when the scan begins over it. What is accepted later is not
    /// in it. The target must be there. Until the scan is disposed of, what it may need stays in the local store.
    /// </summary>
    /// <param name="options">What to read and how.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <returns>Pages in order, with the target's revision; <see cref="Revision.None"/> as long as the target has no row.</returns>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        options.Validate();
        return MergedScan.ReadAsync(_target, _local, _pending, options, cancellationToken);
    }

    /// <summary>Follows the target: what is delivered, and what others write there.</summary>
    /// <param name="options">What to follow and from where.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>The target's events.</returns>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _target.WatchAsync(options, cancellationToken);
    }

    /// <summary>What the target is and how far it is.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The target's facts.</returns>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _disposed) == 0
            ? _target.GetInfoAsync(cancellationToken)
            : ValueTask.FromException<StorageInfo>(Disposed());

    /// <summary>Keeps history at the target.</summary>
    /// <param name="follower">The follower's name.</param>
    /// <param name="after">The revision of the target that the follower has reached.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when it is durable there.</returns>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _disposed) == 0
            ? _target.KeepHistoryAsync(follower, after, duration, cancellationToken)
            : ValueTask.FromException(Disposed());

    /// <summary>Stops delivery. What is not delivered stays in the local store, for the next opening.</summary>
    /// <returns>Completes when neither store is used any more, save by reads that are under way.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Task settled = _pending.CloseAsync(Disposed());
            _pending.StopDelivery(Disposed());
            await _stop.CancelAsync().ConfigureAwait(false);
            await _delivering.ConfigureAwait(false);
            await settled.ConfigureAwait(false);
            await _delivery.NoteAsync().ConfigureAwait(false);
            _state.Close();
            _metrics.Dispose();
            _stop.Dispose();
        }

        await _delivering.ConfigureAwait(false);
    }

    private static StorageException Disposed() =>
        new(StorageErrorCode.Closed, "The outbox has been disposed of. What was not delivered is in its local store; open it again.");

    private void Check(ReadOnlyMemory<byte> key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        StorageLimits.CheckKey(key.Span);
    }

    private void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            throw Disposed();
        }
    }
}
