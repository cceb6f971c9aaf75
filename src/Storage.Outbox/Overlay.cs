using System.Collections.Immutable;

namespace WsStorage.Outbox;

/// <summary>What is accepted and not delivered, by key: which operation is a key's last. Values stay in the local store.
/// Immutable, so that a read keeps the one that it began with.</summary>
internal sealed class Overlay
{
    private readonly ImmutableSortedSet<PendingKey> _keys;
    private readonly ImmutableList<PendingRange> _ranges;

    private Overlay(ImmutableSortedSet<PendingKey> keys, ImmutableList<PendingRange> ranges)
    {
        _keys = keys;
        _ranges = ranges;
    }

    /// <summary>Nothing is pending.</summary>
    public static Overlay Empty { get; } = new(ImmutableSortedSet.Create<PendingKey>(PendingKey.Order), []);

    /// <summary>How many keys there are, removed ones included.</summary>
    public int Count => _keys.Count;

    /// <summary>What is pending for a key.</summary>
    /// <returns>Its last put or removal; none when the target decides.</returns>
    public PendingKey? Find(ReadOnlyMemory<byte> key)
    {
        PendingKey? found = _keys.TryGetValue(PendingKey.Probe(key), out PendingKey last) ? last : null;
        foreach (PendingRange range in _ranges)
        {
            if (range.Range.Contains(key.Span) && (found is null || range.IsAfter(found.Value)))
            {
                found = new PendingKey(key, range.Sequence, range.Offset, IsPut: false);
            }
        }

        return found;
    }

    /// <summary>Whether a pending removal touches a range.</summary>
    public bool RemovesIn(KeyRange range) => _ranges.Exists(pending => pending.Range.Overlaps(range));

    /// <summary>The place of the first key at or after one, in key order.</summary>
    public int PlaceOf(ReadOnlyMemory<byte> key)
    {
        int place = _keys.IndexOf(PendingKey.Probe(key));
        return place < 0 ? ~place : place;
    }

    /// <summary>The key at a place, and whether it is put after all.</summary>
    public (PendingKey Key, bool IsPut) At(int place)
    {
        PendingKey key = _keys[place];
        return (key, key.IsPut && !_ranges.Exists(range => range.IsAfter(key) && range.Range.Contains(key.Key.Span)));
    }

    /// <summary>The overlay with more records, in their order.</summary>
    public Overlay With(IEnumerable<OutboxRecord> records)
    {
        ImmutableSortedSet<PendingKey>.Builder keys = _keys.ToBuilder();
        ImmutableList<PendingRange> ranges = _ranges;
        foreach (OutboxRecord record in records)
        {
            int offset = 0;
            foreach (BatchOperation operation in new BatchOperations(record.Operations.Span))
            {
                if (operation.Kind == BatchOperationKind.RemoveRange)
                {
                    KeyRange range = operation.ToRange();
                    ranges = range.IsEmpty
                        ? ranges
                        : ranges.RemoveAll(older => range.Intersect(older.Range) == older.Range).Add(new(range, record.Sequence, offset));
                }
                else
                {
                    var key = new PendingKey(
                        operation.Key.ToArray(), record.Sequence, offset, operation.Kind == BatchOperationKind.Put);
                    keys.Remove(key);
                    keys.Add(key);
                }

                offset += BytesOf(operation);
            }
        }

        return new Overlay(keys.ToImmutable(), ranges);
    }

    /// <summary>The overlay without records that were delivered: all up to the last of them.</summary>
    /// <param name="records">The records, from the first that is pending on.</param>
    /// <param name="last">The sequence of the last.</param>
    public Overlay Without(IEnumerable<OutboxRecord> records, ulong last)
    {
        ImmutableSortedSet<PendingKey>.Builder keys = _keys.ToBuilder();
        foreach (OutboxRecord record in records)
        {
            foreach (BatchOperation operation in new BatchOperations(record.Operations.Span))
            {
                if (operation.Kind != BatchOperationKind.RemoveRange
                    && keys.TryGetValue(PendingKey.Probe(operation.Key.ToArray()), out PendingKey key)
                    && key.Sequence <= last)
                {
                    keys.Remove(key);
                }
            }
        }

        return new Overlay(keys.ToImmutable(), WithoutRanges(last));
    }

    /// <summary>The same, by a walk over all keys.</summary>
    public Overlay Without(ulong last) =>
        new(_keys.Except(_keys.Where(key => key.Sequence <= last)), WithoutRanges(last));

    private static int BytesOf(in BatchOperation operation)
    {
        int key = 1 + OutboxRecord.FieldBytes(operation.Key.Length);
        return operation.Kind switch
        {
            BatchOperationKind.Put => key + OutboxRecord.FieldBytes(operation.Value.Length),
            BatchOperationKind.RemoveRange => key + OutboxRecord.FieldBytes(operation.End.Length),
            _ => key,
        };
    }

    private ImmutableList<PendingRange> WithoutRanges(ulong last) => _ranges.RemoveAll(range => range.Sequence <= last);
}

/// <summary>The last pending operation on a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Sequence">The record.</param>
/// <param name="Offset">Where the operation begins among the packed ones of its record.</param>
/// <param name="IsPut">Whether it sets the key; else it removes it.</param>
internal readonly record struct PendingKey(ReadOnlyMemory<byte> Key, ulong Sequence, int Offset, bool IsPut)
{
    public static IComparer<PendingKey> Order { get; } =
        Comparer<PendingKey>.Create((x, y) => x.Key.Span.SequenceCompareTo(y.Key.Span));

    /// <summary>To look for a key.</summary>
    public static PendingKey Probe(ReadOnlyMemory<byte> key) => new(key, 0, 0, IsPut: false);
}

/// <summary>A pending removal of a range.</summary>
internal readonly record struct PendingRange(KeyRange Range, ulong Sequence, int Offset)
{
    public bool IsAfter(PendingKey key) => (Sequence, Offset).CompareTo((key.Sequence, key.Offset)) > 0;
}
