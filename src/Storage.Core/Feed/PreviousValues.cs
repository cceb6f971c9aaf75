namespace WsStorage.Core.Feed;

/// <summary>
/// Packs what the keys of a batch held before, operation by operation, in one buffer used over and over. Not thread-safe.
/// </summary>
public sealed class PreviousValues
{
    private const int KeptBytes = 1024 * 1024;

    private byte[] _buffer = new byte[256];
    private int _length;

    /// <summary>What was added, packed as <see cref="PreviousValueKind"/> says; valid until more is added.</summary>
    public ReadOnlySpan<byte> Packed => _buffer.AsSpan(0, _length);

    /// <summary>Adds an operation of which nothing is known: a range removal.</summary>
    public void AddUnknown() => Add(PreviousValueKind.Unknown);

    /// <summary>Adds an operation whose key was absent.</summary>
    public void AddAbsent() => Add(PreviousValueKind.Absent);

    /// <summary>Adds an operation whose key had a value.</summary>
    /// <param name="value">The value; copied.</param>
    public void AddValue(ReadOnlySpan<byte> value)
    {
        Add(PreviousValueKind.Value, Varint.MaxLength + value.Length);
        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)value.Length);
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
    }

    /// <summary>Forgets everything; keeps the memory, save what only a very large batch needed.</summary>
    public void Clear()
    {
        _length = 0;
        if (_buffer.Length > KeptBytes)
        {
            _buffer = new byte[KeptBytes];
        }
    }

    private void Add(PreviousValueKind kind, int following = 0)
    {
        int needed = checked(_length + 1 + following);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }

        _buffer[_length++] = (byte)kind;
    }
}
