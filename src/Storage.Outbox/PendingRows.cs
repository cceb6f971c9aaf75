namespace WsStorage.Outbox;

/// <summary>Walks the pending puts of a range in the order of a scan; values are read from the local store. Not thread-safe.</summary>
internal sealed class PendingRows
{
    private readonly Overlay _overlay;
    private readonly LocalStore _local;
    private readonly ScanOptions _options;
    private readonly int _first;
    private readonly int _end;
    private int _place;
    private OutboxRecord _record;

    public PendingRows(Overlay overlay, LocalStore local, ScanOptions options)
    {
        _overlay = overlay;
        _local = local;
        _options = options;
        KeyRange range = options.Range;
        _first = overlay.PlaceOf(range.Start);
        _end = range.End.IsEmpty ? overlay.Count : Math.Max(_first, overlay.PlaceOf(range.End));
        _place = options.Reverse ? _end : _first - 1;
    }

    /// <summary>How many keys are pending in the range, removed ones included.</summary>
    public int Count => _end - _first;

    /// <summary>Whether there is a row.</summary>
    public bool HasRow { get; private set; }

    /// <summary>The row's key.</summary>
    public ReadOnlyMemory<byte> Key { get; private set; }

    /// <summary>The row's value; empty when the scan leaves values out.</summary>
    public ReadOnlyMemory<byte> Value { get; private set; }

    /// <summary>Goes on to the next row.</summary>
    public async ValueTask MoveNextAsync(CancellationToken cancellationToken)
    {
        HasRow = false;
        while (!HasRow)
        {
            _place += _options.Reverse ? -1 : 1;
            if (_place < _first || _place >= _end)
            {
                return;
            }

            (PendingKey key, HasRow) = _overlay.At(_place);
            if (HasRow)
            {
                Key = key.Key;
                Value = _options.KeysOnly ? default : await ReadAsync(key, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(PendingKey key, CancellationToken cancellationToken)
    {
        // Keys that were written together are often read together.
        if (_record.Sequence != key.Sequence)
        {
            _record = await _local.ReadAsync(key.Sequence, cancellationToken).ConfigureAwait(false)
                ?? throw LocalStore.Missing(key.Sequence);
        }

        return _record.ValueAt(key.Offset);
    }
}
