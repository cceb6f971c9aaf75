using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>
/// A store in the memory of this process: the reference for every other engine. Reads take no lock; each reads one version
/// of the store, which writers never change and never wait for. Writers take turns.
/// </summary>
/// <remarks>
/// Every operation completes synchronously. <see cref="Durability.Volatile"/>: all is gone with the process.
/// </remarks>
public sealed class InMemoryStorage : IBatchStorage
{
    private readonly Lock _writing = new();
    private readonly BatchCommitter _committer = new();
    private readonly StorageLimits _limits;
    private readonly Guid _epoch = Guid.NewGuid();

    // Null once closed.
    private volatile StoreVersion? _version = StoreVersion.Empty;

    /// <summary>Makes an empty store.</summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the options contradict each
    /// other.</exception>
    public InMemoryStorage(InMemoryStorageOptions? options = null)
    {
        options ??= new InMemoryStorageOptions();
        options.Validate();
        _limits = options.Limits;
    }

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        if (Refusal(cancellationToken, out StoreVersion version) is { } refusal)
        {
            return ValueTask.FromException<StorageInfo>(refusal);
        }

        return ValueTask.FromResult(new StorageInfo
        {
            Engine = "memory",
            Position = new Position(_epoch, version.Revision, version.Hash),
            ApproximateBytes = version.Root.ByteCount,
            ApproximateKeys = version.Root.RowCount,
            Durability = Durability.Volatile,
            Limits = _limits,
        });
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        if (Refusal(cancellationToken, out StoreVersion version) is { } refusal)
        {
            return ValueTask.FromException<GetResult>(refusal);
        }

        return key.Length > StorageLimits.MaxKeyBytes
            ? ValueTask.FromException<GetResult>(StorageException.KeyTooLarge(key.Length))
            : ValueTask.FromResult(new GetResult(Find(version, key.Span), version.Revision));
    }

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        if (Refusal(cancellationToken, out StoreVersion version) is { } refusal)
        {
            return ValueTask.FromException<GetManyResult>(refusal);
        }

        byte[]?[] values = new byte[keys.Count][];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlyMemory<byte> key = keys[i];
            if (key.Length > StorageLimits.MaxKeyBytes)
            {
                return ValueTask.FromException<GetManyResult>(StorageException.KeyTooLarge(key.Length));
            }

            values[i] = Find(version, key.Span);
        }

        return ValueTask.FromResult(new GetManyResult(values, version.Revision));
    }

    /// <inheritdoc/>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        StoreVersion version = _version ?? throw Closed();
        receiver.OnRevision(version.Revision);
        for (int i = 0; i < keys.Length; i++)
        {
            ReadOnlySpan<byte> key = keys[i].Span;
            StorageLimits.CheckKey(key);
            if (SortedTree.TryGet(version.Root, key, out ReadOnlySpan<byte> value))
            {
                receiver.OnValue(i, value);
            }
            else
            {
                receiver.OnMissing(i);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _limits.Check(batch);
            WriteResult result = default;
            Commit(new ReadOnlySpan<WriteBatch>(in batch), new Span<WriteResult>(ref result));
            return ValueTask.FromResult(result);
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<WriteResult>(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (results.Length < batches.Length)
            {
                throw StorageException.InvalidArgument(
                    $"There is room for {results.Length} results of {batches.Length} batches; there must be room for all.");
            }

            // All are checked before the first is applied: after an exception, none has been.
            foreach (WriteBatch batch in batches.Span)
            {
                _limits.Check(batch);
            }

            Commit(batches.Span, results.Span);
            return ValueTask.CompletedTask;
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException(exception);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        new InMemoryScan(this, options, cancellationToken);

    /// <summary>Closes the store and lets go of its content. Later calls, and scans that go on, are refused with
    /// <see cref="StorageErrorCode.Closed"/>.</summary>
    /// <returns>Is complete.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_writing)
        {
            _version = null;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The version that a reader of this moment reads.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    internal StoreVersion CurrentVersion() => _version ?? throw Closed();

    private static byte[]? Find(StoreVersion version, ReadOnlySpan<byte> key) =>
        SortedTree.TryGet(version.Root, key, out ReadOnlySpan<byte> value) ? value.ToArray() : null;

    private static StorageException Closed() =>
        new(StorageErrorCode.Closed, "The in-memory storage has been closed and its content is gone. Make a new one.");

    private Exception? Refusal(CancellationToken cancellationToken, out StoreVersion version)
    {
        version = _version ?? StoreVersion.Empty;
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cancellationToken);
        }

        return _version is null ? Closed() : null;
    }

    private void Commit(ReadOnlySpan<WriteBatch> batches, Span<WriteResult> results)
    {
        lock (_writing)
        {
            _committer.Begin(CurrentVersion());
            for (int i = 0; i < batches.Length; i++)
            {
                results[i] = _committer.Apply(batches[i]);
            }

            _version = _committer.Complete();
        }
    }
}
