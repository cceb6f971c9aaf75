namespace WsStorage.Core.Copies;

/// <summary>
/// Keeps copies in the memory of this process: the reference for every other store of copies. A copy is gone with it, and is
/// built anew by the next process.
/// </summary>
/// <remarks>Its members are to be called one after the other. The copies are <see cref="IBatchStorage"/>s.</remarks>
public sealed class InMemoryCopyStore : ICopyStore
{
    private readonly InMemoryStorageOptions _options;
    private InMemoryCopy? _current;
    private InMemoryCopy? _next;
    private bool _closed;

    /// <summary>Makes a store without a copy.</summary>
    /// <param name="options">How its copies are opened; what a batch may be like is for the source to say. <see langword="null"/>
    /// for the defaults.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the options contradict each
    /// other.</exception>
    public InMemoryCopyStore(InMemoryStorageOptions? options = null)
    {
        _options = options ?? new InMemoryStorageOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public ICopy? Current => _current;

    /// <inheritdoc/>
    public ICopy? Next => _next;

    /// <inheritdoc/>
    public async ValueTask<ICopy> BeginAsync(
        IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        foreach (KeyRange range in ranges)
        {
            range.CheckBounds();
        }

        await DropNextAsync(cancellationToken).ConfigureAwait(false);
        _next = new InMemoryCopy(_options, ranges, start);
        return _next;
    }

    /// <inheritdoc/>
    public async ValueTask DropNextAsync(CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        InMemoryCopy? dropped = _next;
        _next = null;
        if (dropped is not null)
        {
            await dropped.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            Check(cancellationToken);
            CopyRules.CheckPromote(_next?.State);
            InMemoryCopy? former = _current;
            _next!.FinishLoad();
            _current = _next;
            _next = null;
            return ValueTask.FromResult<IAsyncDisposable?>(former);
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<IAsyncDisposable?>(exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        foreach (InMemoryCopy copy in new[] { _current, _next }.OfType<InMemoryCopy>())
        {
            await copy.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Check(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_closed)
        {
            throw new StorageException(StorageErrorCode.Closed, "The store of copies has been closed. Make a new one.");
        }
    }
}
