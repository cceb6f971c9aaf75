namespace WsStorage.Core;

/// <summary>Packs rows into the pages of a scan, in one buffer used over and over. Not thread-safe.</summary>
/// <param name="options">The scan: page size, limit, keys only.</param>
/// <param name="revision">The revision that it reads.</param>
public sealed class ScanPageBuilder(ScanOptions options, Revision revision)
{
    // A scan of a few rows need not pay for a whole page.
    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _count;
    private long _left = options.Limit;

    /// <summary>Whether the page has reached its size, or the scan its limit: take it with <see cref="TakePage"/>.</summary>
    public bool IsFull => _length >= options.PageBytes || _left == 0;

    /// <summary>Whether the scan has reached its limit of rows.</summary>
    public bool LimitReached => _left == 0;

    /// <summary>Whether the page has no row.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Adds a row.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="value">The value; copied, unless the scan reads keys only.</param>
    public void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (options.KeysOnly)
        {
            value = default;
        }

        int needed = _length + key.Length + value.Length + (2 * Varint.MaxLength);
        if (needed > _buffer.Length)
        {
            // Up to the page size by doubling; beyond it only for a row that does not fit.
            Array.Resize(ref _buffer, Math.Max(needed, Math.Min(2 * _buffer.Length, options.PageBytes + 512)));
        }

        AppendField(key);
        AppendField(value);
        _count++;
        _left--;
    }

    /// <summary>Gives the page and starts the next one in the same memory.</summary>
    /// <returns>The page, valid until the next <see cref="Append"/>.</returns>
    public ScanPage TakePage()
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
