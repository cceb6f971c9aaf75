using WsStorage.Core;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Commit;

/// <summary>
/// What the batches of a group have written so far, by key, so that the preconditions of a later batch in the same group
/// see it. Reads the group's own serialized form, as far as it has come, and only when asked.
/// </summary>
/// <param name="writes">The group's form.</param>
internal sealed class PendingWrites(BatchRepresentation writes) : IEqualityComparer<PendingWrites.Slice>,
    IAlternateEqualityComparer<ReadOnlySpan<byte>, PendingWrites.Slice>
{
    private static readonly ulong HashSeed = (ulong)Random.Shared.NextInt64();
    private readonly List<RemovedRange> _removedRanges = [];
    private Dictionary<Slice, Slice>? _entries;
    private int _read = BatchRepresentation.HeaderBytes;

    /// <summary>Some bytes of the form. A removed key has a value of length -1.</summary>
    internal readonly record struct Slice(int Offset, int Length);

    private readonly record struct RemovedRange(Slice Start, Slice End);

    /// <summary>Looks a key up.</summary>
    /// <param name="key">The key.</param>
    /// <param name="present">Whether it is present after what was written so far; only if that touched it.</param>
    /// <param name="value">Its value then; valid until the group goes on.</param>
    /// <returns>Whether the group has touched the key.</returns>
    public bool TryGet(ReadOnlySpan<byte> key, out bool present, out ReadOnlySpan<byte> value)
    {
        ReadOn();
        int order = -1;
        present = false;
        value = default;
        if (_entries!.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out Slice found))
        {
            order = found.Offset;
            present = found.Length >= 0;
            value = present ? Resolve(found) : default;
        }

        foreach (RemovedRange range in _removedRanges)
        {
            if (range.Start.Offset > order && Resolve(range.Start).SequenceCompareTo(key) <= 0 && key.SequenceCompareTo(Resolve(range.End)) < 0)
            {
                order = range.Start.Offset;
                present = false;
                value = default;
            }
        }

        return order >= 0;
    }

    /// <summary>Forgets everything, for the next group.</summary>
    public void Clear()
    {
        _entries?.Clear();
        _removedRanges.Clear();
        _read = BatchRepresentation.HeaderBytes;
    }

    bool IEqualityComparer<Slice>.Equals(Slice x, Slice y) => Resolve(x).SequenceEqual(Resolve(y));

    int IEqualityComparer<Slice>.GetHashCode(Slice slice) => Hash(Resolve(slice));

    bool IAlternateEqualityComparer<ReadOnlySpan<byte>, Slice>.Equals(ReadOnlySpan<byte> alternate, Slice other) =>
        Resolve(other).SequenceEqual(alternate);

    int IAlternateEqualityComparer<ReadOnlySpan<byte>, Slice>.GetHashCode(ReadOnlySpan<byte> alternate) => Hash(alternate);

    Slice IAlternateEqualityComparer<ReadOnlySpan<byte>, Slice>.Create(ReadOnlySpan<byte> alternate) =>
        throw new NotSupportedException("Keys are added as slices of the form.");

    private static int Hash(ReadOnlySpan<byte> bytes) => (int)XxHash64.Hash(bytes, HashSeed);

    private ReadOnlySpan<byte> Resolve(Slice slice) => writes.Bytes.Slice(slice.Offset, slice.Length);

    private void ReadOn()
    {
        _entries ??= new Dictionary<Slice, Slice>(this);
        while (_read < writes.Length)
        {
            byte tag = writes.Bytes[_read++];
            Slice first = ReadField();
            switch (tag)
            {
                case BatchRepresentation.PutTag:
                    _entries[first] = ReadField();
                    break;
                case BatchRepresentation.RemoveTag:
                    _entries[first] = new Slice(first.Offset, -1);
                    break;
                default:
                    _removedRanges.Add(new RemovedRange(first, ReadField()));
                    break;
            }
        }
    }

    private Slice ReadField()
    {
        Varint.TryRead(writes.Bytes[_read..], out ulong length, out int used);
        var field = new Slice(_read + used, (int)length);
        _read = field.Offset + field.Length;
        return field;
    }
}
