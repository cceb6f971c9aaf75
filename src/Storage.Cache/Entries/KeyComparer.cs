namespace WsStorage.Cache.Entries;

/// <summary>A key that is looked up, with its hash: it is hashed once, for the shard and for the dictionary in it.</summary>
internal readonly ref struct HashedKey
{
    public HashedKey(ReadOnlySpan<byte> span)
    {
        Span = span;
        Hash = KeyComparer.Hash(span);
    }

    public ReadOnlySpan<byte> Span { get; }

    public int Hash { get; }
}

/// <summary>Compares keys by their bytes, and lets them be looked up without an array.</summary>
internal sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<HashedKey, byte[]>
{
    public static KeyComparer Instance { get; } = new();

    public static int Hash(ReadOnlySpan<byte> key)
    {
        HashCode hash = default;
        hash.AddBytes(key);
        return hash.ToHashCode();
    }

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => Hash(obj);

    public bool Equals(HashedKey alternate, byte[] other) => alternate.Span.SequenceEqual(other);

    public int GetHashCode(HashedKey alternate) => alternate.Hash;

    public byte[] Create(HashedKey alternate) => alternate.Span.ToArray();
}
