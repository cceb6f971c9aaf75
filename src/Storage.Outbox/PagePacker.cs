namespace WsStorage.Outbox;

/// <summary>Packs rows into the pages of a scan, in one buffer used over and over. Not thread-safe.</summary>
internal sealed class PagePacker(ScanOptions options)
{
    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _count;
    private long _left = options.Limit;

    /// <summary>Whether the page has reached its size, or the scan its limit.</summary>
    public bool IsFull => _length >= options.PageBytes || LimitReached;

    /// <summary>Whether the scan has reached its limit of rows.</summary>
    public bool LimitReached => _left == 0;

    public bool IsEmpty => _count == 0;

    public void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int needed = _length + OutboxRecord.FieldBytes(key.Length) + OutboxRecord.FieldBytes(value.Length);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, 2 * _buffer.Length));
        }

        AppendField(key);
        AppendField(value);
        _count++;
        _left--;
    }

    /// <summary>Gives the page, which is valid until the next row, and starts the next one.</summary>
    public ScanPage TakePage(Revision revision)
    {
        var page = new ScanPage(revision, _count, _buffer.AsMemory(0, _length));
        _length = 0;
        _count = 0;
        return page;
    }

    private void AppendField(ReadOnlySpan<byte> field)
    {
        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)field.Length);
        field.CopyTo(_buffer.AsSpan(_length));
        _length += field.Length;
    }
}
