namespace WsStorage;

/// <summary>A range of keys: from <see cref="Start"/>, included, to <see cref="End"/>, excluded.</summary>
/// <remarks>Keeps the memory that it is given; do not change it while the range is in use.</remarks>
public readonly struct KeyRange : IEquatable<KeyRange>
{
    private KeyRange(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end)
    {
        Start = start;
        End = end;
    }

    /// <summary>Every key.</summary>
    public static KeyRange All => default;

    /// <summary>The first key in the range; empty for the first there is.</summary>
    public ReadOnlyMemory<byte> Start { get; }

    /// <summary>The first key after the range; empty for no end.</summary>
    public ReadOnlyMemory<byte> End { get; }

    /// <summary>Whether no key can be in the range.</summary>
    public bool IsEmpty => !End.IsEmpty && Start.Span.SequenceCompareTo(End.Span) >= 0;

    /// <summary>The keys from one, included, to another, excluded.</summary>
    /// <param name="start">The first key in the range; empty for the first there is.</param>
    /// <param name="end">The first key after the range; empty for no end.</param>
    /// <returns>The range, which is empty when <paramref name="end"/> is not after <paramref name="start"/>.</returns>
    public static KeyRange Between(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end) => new(start, end);

    /// <summary>The keys from one, included, on.</summary>
    /// <param name="start">The first key in the range.</param>
    /// <returns>The range.</returns>
    public static KeyRange From(ReadOnlyMemory<byte> start) => new(start, default);

    /// <summary>Just one key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The range.</returns>
    public static KeyRange Single(ReadOnlyMemory<byte> key)
    {
        byte[] end = new byte[key.Length + 1];
        key.CopyTo(end);
        return new(key, end);
    }

    /// <summary>The keys that begin with some bytes.</summary>
    /// <param name="prefix">The bytes; empty for every key.</param>
    /// <returns>The range.</returns>
    public static KeyRange Prefix(ReadOnlyMemory<byte> prefix)
    {
        // The end is the prefix with its last byte that is not 0xFF raised by one; of 0xFF only there is no end.
        ReadOnlySpan<byte> span = prefix.Span;
        int last = span.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return new(prefix, default);
        }

        byte[] end = span[..(last + 1)].ToArray();
        end[last]++;
        return new(prefix, end);
    }

    /// <summary>The keys that begin with a text in UTF-8.</summary>
    /// <param name="prefix">The text.</param>
    /// <returns>The range.</returns>
    public static KeyRange Prefix(string prefix) => Prefix(System.Text.Encoding.UTF8.GetBytes(prefix));

    /// <summary>Whether a key is in the range.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether it is.</returns>
    public bool Contains(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(Start.Span) >= 0 && (End.IsEmpty || key.SequenceCompareTo(End.Span) < 0);

    /// <summary>Whether a key can be in both ranges.</summary>
    /// <param name="other">The other range.</param>
    /// <returns>Whether they overlap.</returns>
    public bool Overlaps(KeyRange other) => !Intersect(other).IsEmpty;

    /// <summary>The keys that are in both ranges.</summary>
    /// <param name="other">The other range.</param>
    /// <returns>The range, which may be empty.</returns>
    public KeyRange Intersect(KeyRange other)
    {
        ReadOnlyMemory<byte> start = Start.Span.SequenceCompareTo(other.Start.Span) >= 0 ? Start : other.Start;
        bool ownEnd = other.End.IsEmpty || (!End.IsEmpty && End.Span.SequenceCompareTo(other.End.Span) <= 0);
        return new(start, ownEnd ? End : other.End);
    }

    /// <summary>Refuses bounds that no key can have.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public void CheckBounds() => CheckBounds(Start.Span, End.Span);

    /// <summary>Refuses bounds that no key can have.</summary>
    /// <param name="start">The first key in the range.</param>
    /// <param name="end">The first key after the range.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void CheckBounds(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        StorageLimits.CheckKey(start);

        // The end of a range is excluded, so the range of the longest single key ends one byte past the limit.
        if (end.Length > StorageLimits.MaxKeyBytes + 1)
        {
            throw StorageException.KeyTooLarge(end.Length);
        }
    }

    /// <inheritdoc/>
    public bool Equals(KeyRange other) =>
        Start.Span.SequenceEqual(other.Start.Span) && End.Span.SequenceEqual(other.End.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KeyRange other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Start.Span);
        hash.AddBytes(End.Span);
        return hash.ToHashCode();
    }

    /// <summary>Whether two ranges have the same bounds.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(KeyRange left, KeyRange right) => left.Equals(right);

    /// <summary>Whether two ranges differ in a bound.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(KeyRange left, KeyRange right) => !left.Equals(right);
}
