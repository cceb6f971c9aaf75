namespace WsStorage;

/// <summary>
/// What is known of a key's value before a change. The numbers travel on the wire and stand in commit logs: a packed
/// previous value is its kind in one byte, then for <see cref="Value"/> a varint length and that many bytes.
/// </summary>
public enum PreviousValueKind : byte
{
    /// <summary>Nothing: it was not asked for, the log does not have it, or the change is a range removal.</summary>
    Unknown = 0,

    /// <summary>The key was absent.</summary>
    Absent = 1,

    /// <summary>The key had a value.</summary>
    Value = 2,
}

/// <summary>One change of a batch, as slices of its event.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Key">The key; of a range removal, its start.</param>
/// <param name="Value">The value of a put, empty when the watch leaves values out; the end of a range removal, excluded,
/// empty for no end.</param>
/// <param name="PreviousKind">What is known of the key's value before.</param>
/// <param name="Previous">That value, when it is known.</param>
public readonly record struct Change(
    BatchOperationKind Kind,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    PreviousValueKind PreviousKind,
    ReadOnlyMemory<byte> Previous)
{
    /// <summary>The change's range: of a range removal its own, else that of its one key. Keeps the memory.</summary>
    /// <returns>The range.</returns>
    public KeyRange ToRange() => Kind == BatchOperationKind.RemoveRange ? KeyRange.Between(Key, Value) : KeyRange.Single(Key);
}

/// <summary>Walks the changes of a <see cref="WatchEvent"/>.</summary>
public struct ChangeEnumerator
{
    private ReadOnlyMemory<byte> _operations;
    private ReadOnlyMemory<byte> _previous;

    internal ChangeEnumerator(ReadOnlyMemory<byte> operations, ReadOnlyMemory<byte> previous)
    {
        _operations = operations;
        _previous = previous;
        Current = default;
    }

    /// <summary>The change reached by the last <see cref="MoveNext"/>.</summary>
    public Change Current { get; private set; }

    /// <summary>Goes on to the next change.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="FormatException">The event is damaged.</exception>
    public bool MoveNext()
    {
        if (_operations.IsEmpty)
        {
            return false;
        }

        var kind = (BatchOperationKind)PackedSlices.TakeByte(ref _operations);
        ReadOnlyMemory<byte> key = PackedSlices.TakeField(ref _operations);
        ReadOnlyMemory<byte> value = kind switch
        {
            BatchOperationKind.Put or BatchOperationKind.RemoveRange => PackedSlices.TakeField(ref _operations),
            BatchOperationKind.Remove => default,
            _ => throw new FormatException($"An event holds a change of the unknown kind {(byte)kind}."),
        };
        (PreviousValueKind previousKind, ReadOnlyMemory<byte> previous) = TakePrevious();
        Current = new Change(kind, key, value, previousKind, previous);
        return true;
    }

    private (PreviousValueKind Kind, ReadOnlyMemory<byte> Value) TakePrevious()
    {
        if (_previous.IsEmpty)
        {
            return default;
        }

        var kind = (PreviousValueKind)PackedSlices.TakeByte(ref _previous);
        return kind switch
        {
            PreviousValueKind.Unknown or PreviousValueKind.Absent => (kind, default),
            PreviousValueKind.Value => (kind, PackedSlices.TakeField(ref _previous)),
            _ => throw new FormatException($"An event holds a previous value of the unknown kind {(byte)kind}."),
        };
    }
}
