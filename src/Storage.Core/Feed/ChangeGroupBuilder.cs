namespace WsStorage.Core.Feed;

/// <summary>Collects batches into the body of a <see cref="ChangeGroup"/>, in one buffer used over and over. Not
/// thread-safe.</summary>
/// <param name="hasPrevious">Whether the batches have previous values.</param>
internal sealed class ChangeGroupBuilder(bool hasPrevious)
{
    private const int KeptBytes = 1024 * 1024;

    private byte[] _buffer = new byte[256];
    private int _length;

    /// <summary>How many batches there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a batch.</summary>
    /// <param name="packedOperations">Its operations; copied.</param>
    /// <param name="packedPrevious">What their keys held before; copied if the group has previous values.</param>
    public void Append(ReadOnlySpan<byte> packedOperations, ReadOnlySpan<byte> packedPrevious)
    {
        AppendField(packedOperations);
        if (hasPrevious)
        {
            AppendField(packedPrevious);
        }

        Count++;
    }

    /// <summary>Makes a group of the batches, and empties the builder.</summary>
    /// <param name="last">The revision of the last batch.</param>
    /// <param name="commitTime">When they were committed, in milliseconds since 1970 UTC.</param>
    /// <param name="hash">The hash after the last batch.</param>
    /// <param name="isSparse">Whether it is one batch of a copy of some ranges.</param>
    /// <returns>The group, which has its own memory.</returns>
    public ChangeGroup Build(Revision last, long commitTime, ulong hash, bool isSparse = false)
    {
        var first = new Revision(last.Value - (ulong)Count + 1);
        var group = new ChangeGroup(
            first, Count, commitTime, hash, _buffer.AsSpan(0, _length).ToArray(), hasPrevious, isSparse);
        _length = 0;
        Count = 0;
        if (_buffer.Length > KeptBytes)
        {
            _buffer = new byte[KeptBytes];
        }

        return group;
    }

    private void AppendField(ReadOnlySpan<byte> field)
    {
        int needed = checked(_length + Varint.MaxLength + field.Length);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }

        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)field.Length);
        field.CopyTo(_buffer.AsSpan(_length));
        _length += field.Length;
    }
}
