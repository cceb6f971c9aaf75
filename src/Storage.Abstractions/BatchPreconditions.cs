namespace WsStorage;

/// <summary>
/// The kinds of precondition in a batch. The numbers travel on the wire. A packed precondition is its kind in one byte,
/// then its fields, each a varint length and that many bytes.
/// </summary>
public enum PreconditionKind : byte
{
    /// <summary>The key is absent. Field: key.</summary>
    Absent = 0x11,

    /// <summary>The key is present. Field: key.</summary>
    Present = 0x12,

    /// <summary>The key is present with exactly this value. Fields: key, value.</summary>
    Equal = 0x13,
}

/// <summary>One precondition of a batch, as slices of it.</summary>
public readonly ref struct BatchPrecondition
{
    internal BatchPrecondition(PreconditionKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Kind = kind;
        Key = key;
        Value = value;
    }

    /// <summary>What it demands.</summary>
    public PreconditionKind Kind { get; }

    /// <summary>Of which key.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value demanded by <see cref="PreconditionKind.Equal"/>; empty otherwise.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>Whether it holds for a key that is absent.</summary>
    /// <returns>Whether it does.</returns>
    public bool HoldsForAbsent() => Kind == PreconditionKind.Absent;

    /// <summary>Whether it holds for a key that is present.</summary>
    /// <param name="value">The key's value.</param>
    /// <returns>Whether it does.</returns>
    public bool HoldsFor(ReadOnlySpan<byte> value) => Kind switch
    {
        PreconditionKind.Present => true,
        PreconditionKind.Equal => value.SequenceEqual(Value),
        _ => false,
    };
}

/// <summary>Walks packed preconditions without a copy.</summary>
/// <param name="packed">What <see cref="WriteBatch.PackedPreconditions"/> gave.</param>
public ref struct BatchPreconditions(ReadOnlySpan<byte> packed)
{
    private PackedReader _reader = new(packed);
    private BatchPrecondition _current;

    /// <summary>The precondition reached by the last <see cref="MoveNext"/>.</summary>
    public readonly BatchPrecondition Current => _current;

    /// <summary>Walks from the start.</summary>
    /// <returns>A copy of this walker.</returns>
    public readonly BatchPreconditions GetEnumerator() => this;

    /// <summary>Goes on to the next precondition.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="FormatException">The bytes are cut short or hold an unknown kind.</exception>
    public bool MoveNext()
    {
        if (_reader.AtEnd)
        {
            return false;
        }

        var kind = (PreconditionKind)_reader.ReadKind();
        _current = kind switch
        {
            PreconditionKind.Equal => new(kind, _reader.ReadField(), _reader.ReadField()),
            PreconditionKind.Absent or PreconditionKind.Present => new(kind, _reader.ReadField(), default),
            _ => throw new FormatException($"A batch holds a precondition of the unknown kind {(byte)kind}."),
        };
        return true;
    }
}
