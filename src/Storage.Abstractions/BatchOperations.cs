namespace WsStorage;

/// <summary>
/// The kinds of operation in a batch. The numbers travel on the wire and stand in commit logs. A packed operation is its
/// kind in one byte, then its fields, each a varint length and that many bytes.
/// </summary>
public enum BatchOperationKind : byte
{
    /// <summary>Fields: key, value.</summary>
    Put = 1,

    /// <summary>Field: key.</summary>
    Remove = 2,

    /// <summary>Fields: start, included; end, excluded, or empty for no end.</summary>
    RemoveRange = 3,
}

/// <summary>One operation of a batch, as slices of it.</summary>
public readonly ref struct BatchOperation
{
    private readonly ReadOnlySpan<byte> _second;

    internal BatchOperation(BatchOperationKind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Kind = kind;
        Key = first;
        _second = second;
    }

    /// <summary>What it does.</summary>
    public BatchOperationKind Kind { get; }

    /// <summary>The key; of a range, its start.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value of a put; empty otherwise.</summary>
    public ReadOnlySpan<byte> Value => Kind == BatchOperationKind.Put ? _second : default;

    /// <summary>The end of a range, excluded, empty for no end; empty for other kinds.</summary>
    public ReadOnlySpan<byte> End => Kind == BatchOperationKind.RemoveRange ? _second : default;

    /// <summary>The operation's range: of a range removal its own, else that of its one key. Copies the keys.</summary>
    /// <returns>The range.</returns>
    public KeyRange ToRange() => Kind == BatchOperationKind.RemoveRange
        ? KeyRange.Between(Key.ToArray(), End.ToArray())
        : KeyRange.Single(Key.ToArray());
}

/// <summary>Walks packed operations without a copy.</summary>
/// <param name="packed">What <see cref="WriteBatch.PackedOperations"/> gave.</param>
public ref struct BatchOperations(ReadOnlySpan<byte> packed)
{
    private PackedReader _reader = new(packed);
    private BatchOperation _current;

    /// <summary>The operation reached by the last <see cref="MoveNext"/>.</summary>
    public readonly BatchOperation Current => _current;

    /// <summary>Walks from the start.</summary>
    /// <returns>A copy of this walker.</returns>
    public readonly BatchOperations GetEnumerator() => this;

    /// <summary>Goes on to the next operation.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="FormatException">The bytes are cut short or hold an unknown kind.</exception>
    public bool MoveNext()
    {
        if (_reader.AtEnd)
        {
            return false;
        }

        var kind = (BatchOperationKind)_reader.ReadKind();
        _current = kind switch
        {
            BatchOperationKind.Put or BatchOperationKind.RemoveRange => new(kind, _reader.ReadField(), _reader.ReadField()),
            BatchOperationKind.Remove => new(kind, _reader.ReadField(), default),
            _ => throw new FormatException($"A batch holds an operation of the unknown kind {(byte)kind}."),
        };
        return true;
    }
}
