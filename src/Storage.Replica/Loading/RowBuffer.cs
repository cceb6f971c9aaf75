namespace WsStorage.Replica.Loading;

/// <summary>Gathers pages of a scan until they are worth a write. Not thread-safe.</summary>
internal sealed class RowBuffer
{
    private byte[] _bytes = [];
    private int _length;
    private int _lastKey;
    private int _lastKeyLength;

    /// <summary>The rows, packed as those of a <see cref="ScanPage"/>.</summary>
    public ReadOnlyMemory<byte> Rows => _bytes.AsMemory(0, _length);

    public int Length => _length;

    public int Count { get; private set; }

    /// <summary>The bytes of keys and values.</summary>
    public long RowBytes { get; private set; }

    /// <summary>The latest revision of a page.</summary>
    public Revision Revision { get; private set; }

    /// <summary>The key of the last row; a copy.</summary>
    public byte[] LastKey => _bytes.AsSpan(_lastKey, _lastKeyLength).ToArray();

    public void Add(in ScanPage page)
    {
        ReadOnlySpan<byte> rows = page.Rows.Span;
        if (_bytes.Length < _length + rows.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + rows.Length, 2 * _bytes.Length));
        }

        rows.CopyTo(_bytes.AsSpan(_length));
        int place = 0;
        while (place < rows.Length)
        {
            int key = TakeField(rows, ref place);
            _lastKey = _length + place - key;
            _lastKeyLength = key;
            RowBytes += key + TakeField(rows, ref place);
        }

        _length += rows.Length;
        Count += page.Count;
        Revision = page.Revision > Revision ? page.Revision : Revision;
    }

    public void Clear()
    {
        (_length, Count, RowBytes, Revision) = (0, 0, 0, Revision.None);
    }

    private static int TakeField(ReadOnlySpan<byte> rows, ref int place)
    {
        if (!Varint.TryRead(rows[place..], out ulong length, out int used) || length > (ulong)(rows.Length - place - used))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A page of rows from the source is cut short within a field.");
        }

        place += used + (int)length;
        return (int)length;
    }
}
