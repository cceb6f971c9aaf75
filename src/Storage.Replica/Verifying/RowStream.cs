namespace WsStorage.Replica.Verifying;

/// <summary>The rows of a range, one after the other, all of one revision. Not thread-safe.</summary>
internal sealed class RowStream : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ScanPage> _pages;
    private ReadOnlyMemory<byte> _rest;

    private RowStream(IAsyncEnumerator<ScanPage> pages) => _pages = pages;

    /// <summary>Whether there is no row any more; the others are of the row that is reached, and valid until the next one is.</summary>
    public bool AtEnd { get; private set; }

    public ReadOnlyMemory<byte> Key { get; private set; }

    public ReadOnlyMemory<byte> Value { get; private set; }

    /// <summary>Key and value as they are packed in a page.</summary>
    public ReadOnlyMemory<byte> Packed { get; private set; }

    /// <summary>The revision that is read; none when there is no row at all.</summary>
    public Revision? Revision { get; private set; }

    /// <summary>Begins to read; what is read does not change from then on.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="range">The range.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The rows, the first of which is reached; to be disposed of.</returns>
    public static async ValueTask<RowStream> OpenAsync(IStorage storage, KeyRange range, CancellationToken cancellationToken)
    {
        var scan = new ScanOptions { Range = range };
        var rows = new RowStream(storage.ScanPagesAsync(scan, cancellationToken).GetAsyncEnumerator(CancellationToken.None));
        try
        {
            await rows.MoveNextAsync().ConfigureAwait(false);
            return rows;
        }
        catch
        {
            await rows.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Goes on to the next row.</summary>
    public ValueTask MoveNextAsync()
    {
        if (_rest.IsEmpty)
        {
            return NextPageAsync();
        }

        Take();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _pages.DisposeAsync();

    private async ValueTask NextPageAsync()
    {
        if (!await _pages.MoveNextAsync().ConfigureAwait(false))
        {
            AtEnd = true;
            (Key, Value, Packed) = (default, default, default);
            return;
        }

        Revision = _pages.Current.Revision;
        _rest = _pages.Current.Rows;
        Take();
    }

    private void Take()
    {
        ReadOnlyMemory<byte> row = _rest;
        Key = TakeField();
        Value = TakeField();
        Packed = row[..^_rest.Length];
    }

    private ReadOnlyMemory<byte> TakeField()
    {
        ReadOnlySpan<byte> span = _rest.Span;
        if (!Varint.TryRead(span, out ulong length, out int used) || length > (ulong)(span.Length - used))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A page of rows is cut short within a field.");
        }

        ReadOnlyMemory<byte> field = _rest.Slice(used, (int)length);
        _rest = _rest[(used + (int)length)..];
        return field;
    }
}
